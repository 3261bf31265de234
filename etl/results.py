"""What a finished node leaves: the small JSON value that travels instead of its data."""

from collections.abc import Mapping
from typing import Any, TypedDict

from etl.messages import Wording


class Metrics(TypedDict):
    """What a node did. Times are seconds; `bytes` is what it staged, compressed.

    The account closes: `rows_in + rows_added == rows_out + rows_rejected + rows_removed`, where
    removed are those that the node was told to drop, and added those that it made.
    """

    rows_in: int
    rows_out: int
    rows_rejected: int
    rows_removed: int
    rows_added: int
    bytes: int
    seconds: float
    peak_rss_bytes: int


class Staged(TypedDict):
    """One staged output: where it is, its columns and types, its size, at most 20 records."""

    uri: str | None
    columns: list[str]
    schema: dict[str, str]
    shape: list[int]
    data: list[dict[str, Any]]


class ReasonCount(TypedDict):
    """How many rows were rejected for one reason; `field` is the column at fault, or ""."""

    reason: str
    field: str
    rows: int


class Quarantined(TypedDict):
    """The rows that a node rejected: where they are, how many, why, and the first of them."""

    uri: str
    rows: int
    reasons: list[ReasonCount]
    data: list[dict[str, Any]]


class ReadWindow(TypedDict):
    """What an extractor read by its watermark: values of `column` as text, `upto` included.

    `start` is None at the very beginning; `upto` is None if there was nothing new. `repeated` says
    that an execution before had begun to load these rows, and failed.
    """

    column: str
    start: str | None
    upto: str | None
    repeated: bool


class Advanced(TypedDict):
    """A watermark that moved on when a loader committed: its extractor, column and new value."""

    node: str
    column: str
    value: str


class NodeResult(Staged):
    """The result of a finished node.

    `uri` is None for a loader, whose `target` says in words where the rows went, and for a node
    with named outputs, which are in `outputs`. `rejected` is None if no row was. `warnings` are
    sentences for people about what is wrong with rows that went on all the same, `wordings` what
    each is made of: see `etl.messages`. `watermark` is None but for an extractor that has one.
    """

    target: str | None
    outputs: dict[str, Staged]
    rejected: Quarantined | None
    warnings: list[str]
    wordings: list[Wording | None]
    watermark: ReadWindow | None
    advanced: list[Advanced]
    metrics: Metrics


def idle_result() -> dict[str, Any]:
    """Return the result of a node that a replay has no use for: it did nothing, and says so."""
    counts = dict.fromkeys(Metrics.__annotations__, 0)
    return {
        "idle": True,
        "uri": None,
        "columns": [],
        "schema": {},
        "shape": [0, 0],
        "data": [],
        "target": None,
        "outputs": {},
        "rejected": None,
        "metrics": counts,
    }


def output_of(result: Mapping[str, Any], output: str | None) -> Mapping[str, Any]:
    """Return the part of a node's result that describes one of its outputs.

    A result without that output gives an empty mapping: whoever reads it finds no `uri`.
    """
    if output is None:
        return result
    named = result.get("outputs")
    found = named.get(output) if isinstance(named, Mapping) else None
    return found if isinstance(found, Mapping) else {}
