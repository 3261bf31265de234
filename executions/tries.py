"""The tries of a node, as they are kept: one for each number, the first one first."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from executions.statuses import FINAL_NODE_STATUSES, NodeStatus

Try = dict[str, Any]


def a_try(
    number: int,
    status: str,
    started_at: datetime,
    completed_at: datetime | None = None,
    duration: float | None = None,
) -> Try:
    """Return how a try stands, as JSON; `duration` is in seconds."""
    return {
        "number": number,
        "status": str(status),
        "started_at": _text(started_at),
        "completed_at": _text(completed_at),
        "duration_seconds": duration,
    }


def merged(known: Sequence[Try], seen: Iterable[Try]) -> list[Try]:
    """Return the tries that are known once others were seen; one that has ended stays so."""
    tries = {one["number"]: one for one in known}
    for one in seen:
        before = tries.get(one["number"])
        if before is None or not _has_ended(before) or _has_ended(one):
            tries[one["number"]] = one
    return [tries[number] for number in sorted(tries)]


def some_missing(known: Iterable[Try], before: int) -> bool:
    """Return whether it is not known of each try before that number how it ended."""
    ended = {one["number"] for one in known if _has_ended(one)}
    return not ended.issuperset(range(1, before))


def as_shown(known: Sequence[Try], node_status: str) -> list[Try]:
    """Return the tries beside the status of their node.

    A try whose end nobody saw ended like its node, or, if another one followed, in an unknown way.
    """
    shown = []
    for place, one in enumerate(known):
        is_last = place == len(known) - 1
        if not _has_ended(one) and not (is_last and node_status == NodeStatus.RUNNING):
            ended = is_last and node_status in FINAL_NODE_STATUSES
            one = {**one, "status": node_status if ended else str(NodeStatus.UNKNOWN)}
        shown.append(one)
    return shown


def _has_ended(one: Try) -> bool:
    return one["status"] in FINAL_NODE_STATUSES


def _text(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
