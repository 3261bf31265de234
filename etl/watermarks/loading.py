"""The loaders' side: a window is claimed before rows are added, and marked once they are there."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from etl.context import RunContext
from etl.dataset import Dataset
from etl.errors import ConfigError
from etl.messages import say
from etl.module import Loaded
from etl.results import Advanced
from etl.watermarks.store import PositionStore, Window, merged

if TYPE_CHECKING:
    from etl.module import Loader


def windows_of(datasets: Mapping[str, Dataset]) -> tuple[Window, ...]:
    """Return the windows that datasets are made of, each once."""
    return merged([window for dataset in datasets.values() for window in dataset.windows])


def claim(loader: "Loader", windows: Sequence[Window], context: RunContext) -> None:
    """Let a load begin; raise ConfigError if that would undo, or double, what others load.

    Nothing may come after newer rows of its source: not even a load that was committed before, of
    which nothing is known any more. Only one that would add rows twice must have them to itself.
    """
    for window in windows:
        later = _store(window, context).passed(window)
        if later is not None:
            raise ConfigError(
                say(
                    "the execution {execution} has loaded newer rows of '{node}' since, up "
                    "to {column} {value}, and those of this one must not come after them. "
                    "Should rows be missing, set the watermark back to before them and "
                    "execute the pipeline.",
                    execution=later.execution,
                    node=window.node,
                    column=later.column,
                    value=later.value,
                )
            )
    if loader.doubles(loader.config.model_dump()):
        for window in windows:
            _store(window, context).claim(window)


def written_before(
    loader: "Loader", datasets: Mapping[str, Dataset], context: RunContext
) -> Loaded | None:
    """Return the outcome of a load that writes a target of its own, if that is written already.

    Another execution would write the same rows into another file. Databases have their ledger.
    """
    windows = context.windows
    if not windows or loader.adds(loader.config.model_dump()):
        return None
    if not all(_store(window, context).has_loaded(window, context.node_id) for window in windows):
        return None
    return Loaded(
        rows=0,
        target="nothing (written before)",
        removed=sum(dataset.rows for dataset in datasets.values()),
        warnings=(
            say(
                "These rows were written by an execution before, which other loaders "
                "have not finished; they are not written again."
            ),
        ),
    )


def committed(windows: Sequence[Window], context: RunContext) -> list[Advanced]:
    """Note that a loader has committed; return the watermarks that this moved on."""
    moved: list[Advanced] = []
    for window in windows:
        position = _store(window, context).loaded(window, context.node_id)
        if position is not None:
            moved.append({"node": window.node, "column": window.column, "value": window.upto})
            context.logger.info(
                "watermark of %s: %s is %s now", window.node, window.column, window.upto
            )
        elif set(window.loaders) <= {context.node_id}:
            context.logger.warning(
                "the watermark of %s was set by hand meanwhile, and stays so", window.node
            )
    return moved


def _store(window: Window, context: RunContext) -> PositionStore:
    # A window comes from a store, so there is one.
    return PositionStore(context.state, str(context.pipeline), window.node)
