"""The operator between Airflow and a node: config, inputs, connections, errors, stopping."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

import etl.replay
import etl.runner
from etl.connections import Connection
from etl.engine import Engine
from etl.errors import ConfigError, DataError, TransientError
from etl.module import RunContext
from etl.settings import run_settings
from tests.dags.runs import a_context

pytestmark = pytest.mark.slow

RESULT = {"uri": "/staging/e1/a/1", "metrics": {"rows_out": 3}}


class Recorder:
    """Stands in for `run_node`: remembers its arguments; does as told."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.failure: BaseException | None = None

    def __call__(self, **arguments: Any) -> dict[str, Any]:
        self.calls.append(arguments)
        if self.failure:
            raise self.failure
        return RESULT

    @property
    def context(self) -> RunContext:
        found: RunContext = self.calls[-1]["context"]
        return found


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """The node's work, recorded instead of done."""
    recorder = Recorder()
    monkeypatch.setattr(etl.runner, "run_node", recorder)
    return recorder


def an_operator(**changes: Any) -> Any:
    from operators.airflow_compat import DAG
    from operators.etl_operator import ETLOperator

    arguments = {"task_id": "keep", "module": "transform.filter", "config": {"condition": "a > 1"}}
    with DAG("pipeline_1", schedule=None):
        return ETLOperator(**{**arguments, **changes})


def run(operator: Any, context: dict[str, Any]) -> Any:
    operator.render_template_fields(context, operator.dag.get_template_env())
    return operator.execute(context)


def given(**conf: Any) -> dict[str, Any]:
    return {"logidata": {"execution_id": "e1", **conf}}


def the_failure() -> tuple[type[BaseException], type[BaseException]]:
    from operators.airflow_compat import AirflowException, AirflowFailException

    return AirflowException, AirflowFailException


def test_the_nodes_result_is_the_tasks_xcom(node: Recorder) -> None:
    assert run(an_operator(), a_context()) == RESULT
    assert node.calls[0]["node_id"] == "keep"
    assert node.calls[0]["module"] == "transform.filter"


def test_a_run_with_the_conf_of_another_stages_under_an_id_of_its_own(node: Recorder) -> None:
    run(an_operator(), a_context(given(), run_id="manual__2026-01-02"))

    assert node.context.execution_id == "pipeline_1:manual__2026-01-02"


def test_a_node_is_told_when_its_run_began(node: Recorder) -> None:
    context = a_context()

    run(an_operator(), context)

    assert node.context.run_began == context["dag_run"].start_date


def test_a_watermark_is_kept_for_the_pipeline(node: Recorder) -> None:
    watermark = {"column": "id", "initial": None, "lag": 0, "loaders": ["load"]}

    run(an_operator(watermark=watermark), a_context())

    assert node.calls[0]["watermark"] == watermark
    assert node.context.pipeline == "pipeline_1"
    assert node.context.state == run_settings().state


def test_a_run_does_what_it_was_started_with(node: Recorder) -> None:
    conf = given(nodes={"keep": {"condition": "a > 2"}, "other": {"condition": "a > 3"}})

    run(an_operator(), a_context(conf))

    assert node.calls[0]["config"] == {"condition": "a > 2"}


@pytest.mark.parametrize(
    "conf", [None, {}, {"logidata": None}, {"logidata": {"nodes": []}}, given(nodes={})]
)
def test_a_run_that_brings_no_config_takes_the_files(
    node: Recorder, conf: dict[str, Any] | None
) -> None:
    run(an_operator(), a_context(conf))

    assert node.calls[0]["config"] == {"condition": "a > 1"}


def test_the_config_is_rendered_by_airflow_with_the_runs_params(node: Recorder) -> None:
    config = {"condition": "a > {{ params.n }}", "paths": ["{{ ds }}.csv", 7, None]}

    run(an_operator(config=config), a_context(params={"n": 5}))

    assert node.calls[0]["config"] == {"condition": "a > 5", "paths": ["2026-01-02.csv", 7, None]}


def test_a_params_value_is_not_a_template_itself(node: Recorder) -> None:
    run(an_operator(config={"c": "{{ params.n }}"}), a_context(params={"n": "{{ ds }}"}))

    assert node.calls[0]["config"] == {"c": "{{ ds }}"}


@pytest.mark.parametrize(
    "template", ["{{ conn.password }}", "{{ var.password }}", "{{ ti.try_number }}"]
)
def test_a_template_cannot_reach_connections_or_variables(node: Recorder, template: str) -> None:
    context = a_context(given(nodes={"keep": {"condition": template}}))

    with pytest.raises(the_failure()[1]) as caught:
        run(an_operator(), context)

    assert "hunter2" not in str(caught.value)
    assert not node.calls


def test_a_param_that_is_missing_fails_the_node_by_name_and_without_a_retry(
    node: Recorder,
) -> None:
    context = a_context(params={"other": 1})

    with pytest.raises(the_failure()[1], match="Node 'keep': its config needs the param 'n'"):
        run(an_operator(config={"condition": "a > {{ params.n }}"}), context)

    assert context["ti"].pushed["error"]["type"] == "ConfigError"
    assert not node.calls


def test_inputs_are_what_the_nodes_before_left(node: Recorder) -> None:
    operator = an_operator(inputs={"left": "orders", "right": "customers"})

    run(operator, a_context(results={"orders": {"uri": "o"}, "customers": {"uri": "c"}}))

    assert node.calls[0]["inputs"] == {"left": {"uri": "o"}, "right": {"uri": "c"}}


def test_a_node_whose_input_is_missing_says_which(node: Recorder) -> None:
    with pytest.raises(the_failure()[1], match="Node 'keep': the node 'orders' before it"):
        run(an_operator(inputs={"input": "orders"}), a_context())


def test_a_node_that_a_replay_has_no_use_for_does_nothing(node: Recorder) -> None:
    context = a_context(given(idle=["keep"]))

    result = run(an_operator(config={"condition": "a > {{ params.gone }}"}), context)

    assert (result["idle"], result["uri"], result["metrics"]["rows_out"]) == (True, None, 0)
    assert not node.calls
    json.dumps(result)


def test_a_replayed_node_takes_in_the_rejected_rows_and_not_what_comes_before(
    node: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def rows(*arguments: Any) -> dict[str, Any]:
        asked.append(arguments)
        return {"uri": "replayed"}

    monkeypatch.setattr(etl.replay, "replayed_input", rows)
    replay = {"node": "keep", "uri": "/staging/e0/q", "records": {"0": {"a": "1"}}}
    conf = given(replay=replay, idle=["orders"])

    run(an_operator(inputs={"input": "orders"}), a_context(conf))

    assert node.calls[0]["inputs"] == {"input": {"uri": "replayed"}}
    uri, corrections, context = asked[0]
    assert (uri, corrections) == ("/staging/e0/q", {"0": {"a": "1"}})
    assert context == node.context


def test_a_node_behind_a_replayed_one_takes_its_inputs_as_always(node: Recorder) -> None:
    conf = given(replay={"node": "orders", "uri": "q"}, idle=["returns"])
    inputs = {"orders": "orders", "returns": "returns", "prices": "prices"}
    results = {"orders": {"uri": "o"}, "prices": {"uri": "p"}, "returns": {"idle": True}}

    run(an_operator(inputs=inputs), a_context(conf, results=results))

    # What has nothing to do gives nothing; a module of any number of inputs goes without it.
    assert node.calls[0]["inputs"] == {"orders": {"uri": "o"}, "prices": {"uri": "p"}}


def test_rejected_rows_that_are_gone_fail_the_replay_by_name(
    node: Recorder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LOGIDATA_STAGING", str(tmp_path))
    run_settings.cache_clear()
    context = a_context(given(replay={"node": "keep", "uri": f"{tmp_path}/e0/q"}))
    try:
        with pytest.raises(the_failure()[0], match="Node 'keep': the staged data"):
            run(an_operator(inputs={"input": "orders"}), context)
    finally:
        run_settings.cache_clear()

    assert not node.calls


def test_the_run_context_comes_from_the_run_and_the_settings(node: Recorder) -> None:
    context = a_context(given(execution_id="e7"), run_id="logidata__e7")
    context["ti"].try_number = 3

    run(an_operator(), context)

    assert (node.context.execution_id, node.context.node_id, node.context.attempt) == (
        "e7",
        "keep",
        3,
    )
    assert node.context.staging == run_settings().staging
    assert node.context.data_dirs == run_settings().data_dirs


def test_a_run_of_the_schedule_stages_under_its_own_name(node: Recorder) -> None:
    run(an_operator(), a_context(run_id="scheduled__2026-01-02T00:00:00+00:00"))

    expected = "pipeline_1:scheduled__2026-01-02T00:00:00+00:00"
    assert node.context.execution_id == expected


def test_a_terminal_error_fails_the_task_for_good_and_is_left_as_xcom(node: Recorder) -> None:
    node.failure = DataError("'x' is no number. Correct it.", node="keep", field="config.a")
    context = a_context()

    with pytest.raises(the_failure()[1], match="Node 'keep': 'x' is no number"):
        run(an_operator(), context)

    assert context["ti"].pushed == {
        "error": {
            "type": "DataError",
            "message": "Node 'keep': 'x' is no number. Correct it.",
            "node": "keep",
            "field": "config.a",
            "retryable": False,
            "quarantine": None,
        }
    }


def test_a_transient_error_lets_airflow_retry(node: Recorder) -> None:
    retryable, terminal = the_failure()
    node.failure = TransientError("the warehouse is down.", node="keep")

    with pytest.raises(retryable) as caught:
        run(an_operator(retries=2), a_context())

    assert not isinstance(caught.value, terminal)


def test_a_crash_is_told_with_its_type_and_may_be_retried(node: Recorder) -> None:
    retryable, terminal = the_failure()
    node.failure = ZeroDivisionError("division by zero")
    context = a_context()

    with pytest.raises(retryable, match="'keep' failed unexpectedly: ZeroDivisionError") as caught:
        run(an_operator(), context)

    assert not isinstance(caught.value, terminal)
    assert context["ti"].pushed["error"]["retryable"]
    json.dumps(context["ti"].pushed)


def test_an_error_counts_although_its_details_cannot_be_left(node: Recorder) -> None:
    node.failure = ConfigError("no such table.", node="keep")
    context = a_context()

    def refuse(**_: Any) -> None:
        raise RuntimeError("no XCom today")

    context["ti"].xcom_push = refuse
    with pytest.raises(the_failure()[1], match="no such table"):
        run(an_operator(), context)


def test_a_connection_is_airflows(node: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = "postgres://ann:p%40ss-word@db.example:5433/shop?sslmode=require"
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", uri)
    run(an_operator(), a_context())

    assert node.context.connection("warehouse") == Connection(
        id="warehouse",
        type="postgres",
        host="db.example",
        port=5433,
        login="ann",
        password="p@ss-word",
        schema="shop",
        extra={"sslmode": "require"},
    )


def test_a_connection_that_airflow_does_not_have_says_where_to_create_it(node: Recorder) -> None:
    run(an_operator(), a_context())

    with pytest.raises(ConfigError) as caught:
        node.context.connection("nowhere")

    assert str(caught.value) == (
        "Node 'keep': connection 'nowhere' is not defined in Airflow. Create it under "
        "Connections, or pick another."
    )


def test_a_connections_password_is_masked_in_errors(
    node: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", "postgres://ann:quite-secret-word@db/shop")
    operator, context = an_operator(), a_context()

    def connect_and_crash(**arguments: Any) -> None:
        password = arguments["context"].connection("warehouse").password
        raise RuntimeError(f"cannot connect with password={password}")

    monkeypatch.setattr(etl.runner, "run_node", connect_and_crash)
    with pytest.raises(the_failure()[0]) as caught:
        run(operator, context)

    assert "quite-secret-word" not in str(caught.value)
    assert "quite-secret-word" not in json.dumps(context["ti"].pushed)
    assert "cannot connect" in str(caught.value)


def test_a_kill_stops_the_node_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    operator, context = an_operator(), a_context()
    undone = []

    def work(**_: Any) -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
        finally:
            undone.append(True)

    # What Airflow 3 does in a task's process.
    previous = signal.signal(signal.SIGTERM, lambda *_: operator.on_kill())
    monkeypatch.setattr(etl.runner, "run_node", work)
    try:
        with pytest.raises(the_failure()[0], match="Node 'keep' was stopped"):
            run(operator, context)
    finally:
        signal.signal(signal.SIGTERM, previous)

    assert undone
    assert context["ti"].pushed == {}


def test_a_kill_stops_a_query_that_duckdb_is_busy_with(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    operator, context = an_operator(), a_context()

    def work(**_: Any) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        folder = tmp_path / "out"
        folder.mkdir()
        with Engine(tables={}, folder=folder, memory_limit="200MB") as engine:
            engine.connect().execute(
                "SELECT count(*) FROM range(1000000000000) AS t(i) WHERE i % 7 = 3"
            )

    previous = signal.signal(signal.SIGALRM, lambda *_: operator.on_kill())
    monkeypatch.setattr(etl.runner, "run_node", work)
    try:
        with pytest.raises(the_failure()[0], match="Node 'keep' was stopped"):
            run(operator, context)
    finally:
        signal.signal(signal.SIGALRM, previous)


def test_a_kill_before_the_work_begins_prevents_it(node: Recorder) -> None:
    operator = an_operator()
    operator.on_kill()

    with pytest.raises(the_failure()[0], match=r"was stopped while it worked\. Execute"):
        run(operator, a_context())

    assert not node.calls


def test_a_kill_after_the_work_changes_nothing(node: Recorder) -> None:
    operator = an_operator()
    assert run(operator, a_context()) == RESULT

    operator.on_kill()


def test_each_kind_of_module_has_its_colour() -> None:
    colours = {
        kind: an_operator(module=f"{kind}.x").ui_color
        for kind in ("extract", "transform", "load", "acme")
    }

    assert len(set(colours.values())) == 4


def test_a_node_that_is_retried_waits_seconds_and_not_minutes() -> None:
    assert an_operator(retries=2).retry_delay.total_seconds() == 15


def test_a_real_node_runs_through_the_operator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "orders.csv").write_text("order_id,amount\n1,2.5\n2,10\n")
    monkeypatch.setenv("LOGIDATA_DATA_DIRS", str(data))
    monkeypatch.setenv("LOGIDATA_STAGING", str(tmp_path / "staging"))
    run_settings.cache_clear()
    try:
        operator = an_operator(
            task_id="read", module="extract.csv", config={"path": "{{ params.name }}.csv"}
        )
        result = run(operator, a_context(given(), {"name": "orders"}))
    finally:
        run_settings.cache_clear()

    assert result["shape"] == [2, 2]
    assert (tmp_path / "staging" / "e1" / "read" / "1").is_dir()
    json.dumps(result)
