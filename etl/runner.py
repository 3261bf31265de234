"""The only path from a node's inputs to its output.

Airflow's operator, local runs, previews and tests all come through `run_node`. Heavy packages
are imported only when a node runs, so that importing this module costs nothing.
"""

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl.context import RunContext
from etl.errors import ConfigError, ETLError, NoRowsError, TransientError
from etl.liveness import alive
from etl.memory import peak_bytes, reset_peak
from etl.messages import join, say
from etl.results import NodeResult
from etl.storage import Storage
from etl.time_limit import time_limit

if TYPE_CHECKING:
    from etl.dataset import Dataset
    from etl.inputs import Inputs
    from etl.module import Module, Output
    from etl.watermarks.reading import Reading

__all__ = ["NodeResult", "configured", "run_node"]

_INTERRUPTED = "Query interrupted"


def run_node(
    *,
    node_id: str,
    module: str,
    config: Mapping[str, Any],
    inputs: Mapping[str, Mapping[str, Any]],
    context: RunContext,
    watermark: Mapping[str, Any] | None = None,
    timeout: float | None = None,
) -> NodeResult:
    """Run one node and return its result; raise ETLError, naming the node, if it fails.

    `config` is rendered already; `inputs` maps each port to the result of the node that feeds
    it. `watermark` is that of the graph, with the ids of the `loaders` that its rows go to. It is
    stopped after `timeout` seconds (in the main thread of a process only). The output is committed
    last: a try that fails, or is killed, leaves none behind.
    """
    started = time.monotonic()
    reset_peak()
    storage = Storage(context.staging)
    try:
        # A killed process may have left something half written under the same number.
        storage.remove(*context.folder)
        with (
            alive(storage, context),
            time_limit(timeout, node_id),
            _work_folder(storage, context) as work,
        ):
            # Only now: whoever cancels looks for the node's marker after leaving its own.
            context.check_stop()
            result = _run(module, config, inputs, context, storage, work, watermark)
    except ETLError as exc:
        exc.node = exc.node or node_id
        raise
    except (OSError, MemoryError) as exc:
        raise TransientError(
            say(
                "the machine failed: {error}. Check its disk, memory and network, then "
                "execute again.",
                error=exc or type(exc).__name__,
            ),
            node=node_id,
        ) from exc
    result["metrics"]["seconds"] = round(time.monotonic() - started, 3)
    result["metrics"]["peak_rss_bytes"] = peak_bytes()
    context.logger.info(
        "%s: %d rows in, %d rows out, %.2f s",
        module,
        result["metrics"]["rows_in"],
        result["metrics"]["rows_out"],
        result["metrics"]["seconds"],
    )
    return result


@contextmanager
def _work_folder(storage: Storage, context: RunContext) -> Iterator[Path]:
    """Give a local folder to write in: the try's own, where the staging is local."""
    if storage.is_local:
        folder = storage.local_path(*context.folder)
        folder.mkdir(parents=True, exist_ok=True)
        yield folder.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="logidata-") as name:
        yield Path(name).resolve()


def _run(
    key: str,
    config: Mapping[str, Any],
    inputs: Mapping[str, Mapping[str, Any]],
    context: RunContext,
    storage: Storage,
    work: Path,
    watermark: Mapping[str, Any] | None,
) -> NodeResult:
    import duckdb

    from etl.duckdb_errors import translate
    from etl.engine import Engine
    from etl.inputs import Inputs
    from etl.module import Loader
    from etl.outcome import Outcome
    from etl.registry import get_module
    from etl.watermarks.loading import claim, committed, written_before

    module = configured(get_module(key), config)
    datasets = _open_inputs(module, inputs, storage)
    reading, context = _by_watermark(watermark, datasets, context)
    with Engine(
        tables=_tables(module, datasets, storage, work),
        folder=work,
        memory_limit=context.memory_limit,
    ) as engine:
        ports, before = Inputs(datasets, engine), None
        try:
            if isinstance(module, Loader):
                claim(module, context.windows, context)
                before = written_before(module, datasets, context)
            output = before or _output(module, ports, context, reading)
            result = Outcome(module, datasets, ports, context, storage, work, reading).of(output)
            if isinstance(module, Loader):
                result["advanced"] = committed(context.windows, context)
            return result
        except ETLError:
            raise
        except Exception as exc:
            if _INTERRUPTED in str(exc) and exc.__cause__ is not None:
                # DuckDB hides what a signal handler raised, which says who stopped us and why.
                raise exc.__cause__ from None
            explained = module.explain(exc)
            if explained is None and isinstance(exc, duckdb.Error):
                explained = translate(exc, context.memory_limit)
            if explained is None:
                raise
            raise explained from exc


def _output(
    module: "Module", inputs: "Inputs", context: RunContext, reading: "Reading | None"
) -> "Output":
    """Do the node's work; a source that is read by a watermark may have nothing at all."""
    try:
        return module.execute(inputs, context)
    except NoRowsError:
        nothing = reading.nothing(inputs) if reading is not None else None
        if nothing is None:
            raise
        return nothing


def _by_watermark(
    watermark: Mapping[str, Any] | None, datasets: "Mapping[str, Dataset]", context: RunContext
) -> "tuple[Reading | None, RunContext]":
    """Return where an extractor begins to read, and the context that tells it, or a loader.

    An extractor with an input reads rejected records again, which belong to no window.
    """
    from etl.watermarks.loading import windows_of

    if watermark is None or datasets:
        return None, replace(context, windows=windows_of(datasets))
    from etl.watermarks.config import Watermark
    from etl.watermarks.reading import Reading

    fields = {key: value for key, value in watermark.items() if key != "loaders"}
    reading = Reading.begin(
        Watermark.model_validate(fields), watermark.get("loaders") or (), context
    )
    return reading, replace(context, bounds=reading.bounds())


def configured(module: "type[Module]", config: Mapping[str, Any]) -> "Module":
    """Return the module with its config; raise ConfigError naming the first wrong field."""
    from pydantic import ValidationError

    try:
        return module(module.Config.model_validate(config))
    except ValidationError:
        # This knows graphs and templates too, and takes long to import.
        from etl.validation import config_errors

        errors = config_errors(module, config, rendered=True)
        field, _ = errors[0]
        raise ConfigError(
            join(text for _, text in errors), field=f"config.{field}".rstrip(".")
        ) from None


def _open_inputs(
    module: "Module", inputs: Mapping[str, Mapping[str, Any]], storage: Storage
) -> "dict[str, Dataset]":
    from etl.dataset import open_dataset
    from etl.module import Extractor

    missing = [port for port in module.ports if port not in inputs]
    if (missing and not module.variadic) or (module.variadic and not inputs):
        raise ConfigError(
            say("its port '{port}' has no input. Connect a node to it.", port=missing[0])
            if missing
            else say("it has no input. Connect a node to it.")
        )
    if inputs and isinstance(module, Extractor) and not module.rereads:
        raise ConfigError(say("it cannot read rejected records again. Execute the whole pipeline."))
    datasets = {}
    for port, result in inputs.items():
        uri = result.get("uri")
        if not isinstance(uri, str):
            raise ConfigError(
                say("what feeds its port '{port}' staged no data. Connect another node.", port=port)
            )
        datasets[port] = open_dataset(storage, uri)
    return datasets


def _tables(
    module: "Module", datasets: "Mapping[str, Dataset]", storage: Storage, work: Path
) -> dict[str, list[Path]]:
    from etl.dataset import local_parts

    tables = {
        port: [path.resolve() for path in local_parts(storage, dataset, work / "in" / str(number))]
        for number, (port, dataset) in enumerate(datasets.items())
    }
    if module.variadic and len(tables) == 1:
        # The only input also goes by the name that it has in every other module.
        tables.setdefault("input", next(iter(tables.values())))
    return tables
