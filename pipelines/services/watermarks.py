"""How far a pipeline's sources have been read, and setting that by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils.translation import gettext as _

from etl.errors import ConfigError, ETLError
from etl.graph import Node, parse_graph
from etl.problems import Problem
from etl.settings import run_settings
from etl.watermarks.setting import set_position
from etl.watermarks.store import Position, PositionStore, watermarked_nodes
from pipelines.errors import InvalidPosition, NoSuchWatermark, StateUnavailable
from pipelines.messages import translated
from pipelines.models import Pipeline

_LONGEST_REASON = 1000


@dataclass(frozen=True)
class NodeWatermark:
    """The watermark of a node; `history` holds its newest positions, the newest first."""

    node: str
    column: str
    initial: int | float | str | None
    lag: int | float | str
    history: tuple[Position, ...]

    @property
    def position(self) -> Position | None:
        """Where the next execution goes on; None if nothing was loaded yet."""
        return self.history[0] if self.history else None


def watermarks_of(pipeline: Pipeline) -> list[NodeWatermark]:
    """Return the watermarks of a pipeline's graph; raise StateUnavailable."""
    with _reached():
        return [_read(pipeline, node) for node in _nodes(pipeline)]


def left_behind(pipeline: Pipeline) -> list[str]:
    """Return the nodes of which positions are kept, and that have no watermark any more."""
    known = {node.id for node in _nodes(pipeline)}
    with _reached():
        kept = watermarked_nodes(run_settings().state, pipeline.dag_id)
    return [node for node in kept if node not in known]


def set_watermark(
    pipeline: Pipeline, node: str, value: object, *, reason: str, user: AbstractBaseUser
) -> NodeWatermark:
    """Have the next execution go on from a value, or from the very beginning if it is None.

    Who did it and why is kept with the position, and in the history of the pipeline. Raise
    NoSuchWatermark, InvalidPosition or StateUnavailable.
    """
    found = next((item for item in _nodes(pipeline) if item.id == node), None)
    if found is None or found.watermark is None:
        raise NoSuchWatermark(pipeline.name, node)
    reason = reason.strip()
    if not reason or len(reason) > _LONGEST_REASON:
        text = _("Say why, in at most %(most)d characters: it is kept with the change.") % {
            "most": _LONGEST_REASON
        }
        raise InvalidPosition(node, [Problem(node, "reason", text)])
    store = _store(pipeline, node)
    with _reached(), transaction.atomic():
        before = store.current().value
        shown = "the beginning" if value is None else f"'{value}'"
        # Written first: a change that nobody can trace must not happen.
        LogEntry.objects.create(
            user_id=user.pk,
            content_type=ContentType.objects.get_for_model(Pipeline),
            object_id=str(pipeline.pk),
            object_repr=str(pipeline)[:200],
            action_flag=CHANGE,
            change_message=f"Set the watermark of '{node}' from "
            f"{'the beginning' if before is None else repr(before)} to {shown}: {reason}",
        )
        try:
            set_position(store, found.watermark, value, by=user.get_username(), reason=reason)
        except ConfigError as error:
            raise InvalidPosition(
                node, [Problem(node, error.field, translated(error.message))]
            ) from error
        return _read(pipeline, found)


def _nodes(pipeline: Pipeline) -> list[Node]:
    return [node for node in parse_graph(pipeline.config).nodes if node.watermark is not None]


def _read(pipeline: Pipeline, node: Node) -> NodeWatermark:
    assert node.watermark is not None
    return NodeWatermark(
        node.id,
        node.watermark.column,
        node.watermark.initial,
        node.watermark.lag,
        tuple(_store(pipeline, node.id).history()),
    )


def _store(pipeline: Pipeline, node: str) -> PositionStore:
    return PositionStore(run_settings().state, pipeline.dag_id, node)


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except (OSError, ETLError) as error:
        raise StateUnavailable(translated(str(error)).rstrip(".")) from error
