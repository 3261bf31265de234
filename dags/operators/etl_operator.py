"""The one operator of generated DAGs: it runs a node of a pipeline."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from operators.airflow_compat import (
    AirflowException,
    AirflowFailException,
    BaseOperator,
    backoff,
    get_connection,
    redact,
    without_unknown_arguments,
)

if TYPE_CHECKING:
    from etl.connections import Connection
    from etl.errors import ETLError
    from etl.module import RunContext

CONF_KEY = "logidata"
ERROR_KEY = "error"

COLOURS = {"extract": "#d8eefe", "transform": "#fdf1cf", "load": "#dcf5dc"}
OTHER_COLOUR = "#ece7f8"


class NodeStopped(KeyboardInterrupt):
    """Somebody ended the task.

    A KeyboardInterrupt, because the libraries that a node works with undo what they were doing
    on one: psycopg cancels the statement on the server, too.
    """


class ETLOperator(BaseOperator):
    """Runs one node: its module with its config, on what the nodes before it left.

    `module` is a module's key, `config` its settings (texts may be Jinja templates), `inputs`
    maps each port to the task that feeds it ("task.output" where that has several outputs).
    `watermark` has an extractor read only what is new since its `loaders` last committed. A try
    is stopped after `timeout` seconds. The task's XCom is the node's dataset by reference:
    location, schema, counts and a sample. A failure is also left as XCom `error`.

    A DAG run started by LogiData brings every node's config along in its conf, and that one
    counts: the run does what it was started with, whatever is served meanwhile. So does what the
    conf says of a replay: which node takes in rejected rows, and which nodes have nothing to do.
    """

    template_fields = ("config",)
    template_fields_renderers = {"config": "json"}
    ui_color = OTHER_COLOUR

    def __init__(
        self,
        *,
        module: str,
        config: dict[str, Any],
        inputs: dict[str, str] | None = None,
        watermark: dict[str, Any] | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        # Airflow's own five minutes between tries are long for a warehouse that hiccuped.
        kwargs.setdefault("retry_delay", timedelta(seconds=15))
        kwargs["retry_exponential_backoff"] = backoff(kwargs.get("retry_exponential_backoff", 2))
        kwargs.setdefault("max_retry_delay", timedelta(minutes=5))
        super().__init__(**without_unknown_arguments(kwargs))
        self.module = module
        self.config = config
        self.inputs = inputs or {}
        self.watermark = watermark
        self.timeout = timeout
        self.ui_color = COLOURS.get(module.split(".")[0], OTHER_COLOUR)
        self._working = False
        self._stopped = False

    def render_template_fields(self, context: Any, jinja_env: Any = None) -> None:
        """Render this run's config with the names that a graph may use, and no others."""
        from etl.templates import ALLOWED_NAMES

        if self.task_id in _idle_nodes(context):
            return
        nodes = _run_conf(context).get("nodes")
        config = nodes.get(self.task_id) if isinstance(nodes, Mapping) else None
        if isinstance(config, Mapping):
            self.config = dict(config)
        # Not `conn`, `var` and the rest: a run's conf could read out secrets with them.
        names = {name: context[name] for name in ALLOWED_NAMES if name in context}
        try:
            super().render_template_fields(names, jinja_env)
        except Exception as error:  # noqa: BLE001 - a template can raise anything
            self._fail(context, self._cannot_render(error, names.get("params") or {}))

    def execute(self, context: Any) -> dict[str, Any]:
        """Run the node and return its dataset by reference, as XCom."""
        from etl.errors import ETLError
        from etl.results import idle_result
        from etl.runner import run_node

        if self.task_id in _idle_nodes(context):
            return idle_result()
        self._working = True
        try:
            if self._stopped:
                raise NodeStopped
            run = self._run_context(context)
            return run_node(
                node_id=self.task_id,
                module=self.module,
                config=self.config,
                inputs=self._replayed(context, run) or self._results_before(context),
                context=run,
                # A replay that needs another source beside the rejected rows needs all of it, and
                # must not pass for having loaded what is new there.
                watermark=None if _run_conf(context).get("replay") else self.watermark,
                timeout=self.timeout,
            )
        except NodeStopped:
            self._tell_stopped()
        except ETLError as error:
            self._fail(context, error)
        except Exception as error:  # noqa: BLE001 - a module can raise anything
            self._crash(context, error)
        finally:
            self._working = False

    def on_kill(self) -> None:
        """Stop the node's work: Airflow calls this in the task's process when it gets SIGTERM.

        On Airflow 3 the task would go on after the signal until it is killed. Raising unwinds it
        now, so that a loader rolls back and nothing half written stays.
        """
        self._stopped = True
        if self._working:
            # Not imported here: in the middle of other work, a signal handler must do little.
            if engine := sys.modules.get("etl.engine"):
                engine.interrupt_queries()
            raise NodeStopped

    def _replayed(self, context: Any, run: RunContext) -> dict[str, Mapping[str, Any]]:
        """Return the node's input if it is the one whose rejected rows go through again.

        An extractor, which has none, takes them in place of its source.
        """
        replay = _run_conf(context).get("replay")
        if not isinstance(replay, Mapping) or replay.get("node") != self.task_id:
            return {}
        from etl.raw_records import RAW
        from etl.replay import replayed_input

        ports = list(self.inputs) or [RAW]
        rows = replayed_input(
            str(replay.get("uri")), replay.get("records") or {}, run, raw=ports == [RAW]
        )
        return dict.fromkeys(ports, rows)

    def _results_before(self, context: Any) -> dict[str, Mapping[str, Any]]:
        from etl.errors import DataError
        from etl.graph import split_reference
        from etl.messages import say
        from etl.results import output_of

        results: dict[str, Mapping[str, Any]] = {}
        idle = _idle_nodes(context)
        for port, reference in self.inputs.items():
            source, output = split_reference(reference)
            if source in idle:
                continue
            result = context["ti"].xcom_pull(task_ids=source)
            if not isinstance(result, dict):
                raise DataError(
                    say(
                        "the node '{source}' before it has left no result. Execute the pipeline "
                        "again, or clear that task in Airflow.",
                        source=source,
                    ),
                    node=self.task_id,
                )
            results[port] = output_of(result, output)
        return results

    def _run_context(self, context: Any) -> RunContext:
        from etl.execution_id import RUN_ID_PREFIX, execution_id_of_run
        from etl.module import RunContext
        from etl.settings import run_settings

        settings = run_settings()
        run_id = context["dag_run"].run_id
        execution_id = str(_run_conf(context).get("execution_id") or "")
        # Somebody in Airflow may have started a run with the conf of an earlier one: its data is
        # not this run's, and what it loaded is not loaded for this run.
        if not execution_id or run_id != f"{RUN_ID_PREFIX}{execution_id}":
            execution_id = execution_id_of_run(self.dag_id, run_id)
        return RunContext(
            execution_id=execution_id,
            node_id=self.task_id,
            attempt=context["ti"].try_number,
            staging=settings.staging,
            state=settings.state,
            pipeline=self.dag_id,
            data_dirs=settings.data_dirs,
            connection=self._connection,
            memory_limit=settings.memory_limit,
            run_began=context["dag_run"].start_date,
            # A plain logger: on Airflow 3 the operator's own is not one of logging's.
            logger=logging.getLogger("airflow.task.logidata"),
        )

    def _connection(self, connection_id: str) -> Connection:
        from etl.connections import Connection
        from etl.errors import ConfigError, TransientError
        from etl.messages import say

        try:
            found = get_connection(connection_id)
        except ConnectionError as error:
            raise TransientError(
                say(
                    "Airflow could not give connection '{connection_id}'. See that its API "
                    "server and its database run, then retry.",
                    connection_id=connection_id,
                ),
                node=self.task_id,
            ) from error
        if found is None:
            raise ConfigError(
                say(
                    "connection '{connection_id}' is not defined in Airflow. Create it under "
                    "Connections, or pick another.",
                    connection_id=connection_id,
                ),
                node=self.task_id,
            )
        return Connection(
            id=connection_id,
            type=found.conn_type or "",
            host=found.host,
            port=found.port,
            login=found.login,
            password=found.password,
            schema=found.schema,
            extra=found.extra_dejson,
        )

    def _cannot_render(self, error: Exception, params: Mapping[str, Any]) -> ETLError:
        from etl.errors import ConfigError
        from etl.messages import say
        from etl.templates import referenced_params

        missing = sorted(referenced_params(self.config, required_only=True) - set(params))
        if missing:
            names = ", ".join(f"'{name}'" for name in missing)
            return ConfigError(
                say(
                    "its config needs the param {names}. Give it a value when executing, or a "
                    "default in the pipeline.",
                    names=names,
                ),
                node=self.task_id,
            )
        return ConfigError(
            say("its config cannot be rendered: {error}. Correct the template.", error=error),
            node=self.task_id,
        )

    def _fail(self, context: Any, error: ETLError) -> NoReturn:
        details = {**error.as_dict(), "node": error.node or self.task_id}
        message = self._leave_error(context, details)
        failure = AirflowException if error.retryable else AirflowFailException
        raise failure(message) from error

    def _crash(self, context: Any, error: Exception) -> NoReturn:
        from etl.messages import say, wording

        # DuckDB turns the interrupt into an error of its own.
        if self._stopped:
            self._tell_stopped()
        sentence = say(
            "Node '{node}' failed unexpectedly: {type}: {error}. Open its log for where it "
            "happened.",
            node=self.task_id,
            type=type(error).__name__,
            error=error,
        )
        details = {
            "type": type(error).__name__,
            "message": str(sentence),
            "wording": wording(sentence),
            "node": self.task_id,
            "field": None,
            "retryable": True,
            "quarantine": None,
        }
        raise AirflowException(self._leave_error(context, details)) from error

    def _tell_stopped(self) -> NoReturn:
        raise AirflowException(
            f"Node '{self.task_id}' was stopped while it worked. Execute the pipeline again, or "
            "clear the task in Airflow, if that was not meant."
        ) from None

    def _leave_error(self, context: Any, details: dict[str, Any]) -> str:
        from etl.messages import map_values, read_message, wording

        sentence = map_values(read_message(details["message"], details["wording"]), redact)
        # XCom takes plain JSON only.
        message = details["message"] = str(sentence)
        details["wording"] = wording(sentence)
        try:
            context["ti"].xcom_push(key=ERROR_KEY, value=details)
        except Exception:
            # The failure itself must be reported, whatever becomes of its details.
            self.log.exception("Could not leave the error for LogiData.")
        return message


def _run_conf(context: Any) -> Mapping[str, Any]:
    """Return what LogiData gave the DAG run, empty for a run that it did not start."""
    run = context.get("dag_run")
    conf = (run.conf or {}).get(CONF_KEY) if run is not None else None
    return conf if isinstance(conf, Mapping) else {}


def _idle_nodes(context: Any) -> list[str]:
    """Return the nodes that this run, a replay, has no use for."""
    idle = _run_conf(context).get("idle")
    return [str(node) for node in idle] if isinstance(idle, list) else []
