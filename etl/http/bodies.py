"""The rows of an input as the bodies of requests."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from etl.dataset import Column
from etl.faulty_rows import encoded
from etl.http.addresses import segment
from etl.inputs import Inputs
from etl.quarantine import record_json
from etl.sql import literal, quote

Format = Literal["row", "array", "lines"]

CONTENT_TYPES: dict[Format, str] = {
    "row": "application/json",
    "array": "application/json",
    "lines": "application/x-ndjson",
}
_FETCHED = 500


@dataclass(frozen=True)
class Row:
    """One row as JSON, as the quarantine's record, and its values for the path."""

    json: str
    record: str
    path_values: tuple[str | None, ...]


@dataclass(frozen=True)
class Batch:
    """The rows of one request. `number` counts from 0."""

    number: int
    rows: tuple[Row, ...]
    body: bytes

    def add_to(self, digest: "hashlib._Hash") -> None:
        """Take the bytes of this batch into a digest of all of them."""
        for part in (self.body, *(encoded(repr(row.path_values)) for row in self.rows)):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)


def batches(
    inputs: Inputs, *, rows: int, form: Format, path_columns: Sequence[str]
) -> Iterator[Batch]:
    """Yield the input in batches of `rows`, in the order in which it was staged."""
    columns = inputs["input"].columns
    pairs = ", ".join(f"{literal(c.name)}: {_json_value(c)}" for c in columns)
    items = [
        f"CAST(to_json({{{pairs}}}) AS VARCHAR)",
        record_json(columns),
        *(f"CAST({quote(name)} AS VARCHAR)" for name in path_columns),
    ]
    # Fetched as it is computed; a relation would compute all of it first.
    cursor = inputs.database().execute(f"SELECT {', '.join(items)} FROM input")  # noqa: S608
    pending: list[Row] = []
    number = 0
    while fetched := cursor.fetchmany(_FETCHED):
        pending += [Row(row[0], row[1], tuple(row[2:])) for row in fetched]
        while len(pending) >= rows:
            yield _batch(number, pending[:rows], form)
            del pending[:rows]
            number += 1
    if pending:
        yield _batch(number, pending, form)


def _batch(number: int, rows: list[Row], form: Format) -> Batch:
    texts = [row.json for row in rows]
    if form == "array":
        text = f"[{','.join(texts)}]"
    else:
        text = "\n".join(texts) + ("\n" if form == "lines" else "")
    return Batch(number, tuple(rows), encoded(text))


def _json_value(column: Column) -> str:
    """Return the SQL for a value as services expect it in JSON."""
    name, kind = quote(column.name), column.type
    if kind.startswith("TIMESTAMP"):
        moment = f"CAST({name} AS TIMESTAMP)"
        zone = "Z" if "ZONE" in kind else ""
        return f"strftime({moment}, '%Y-%m-%dT%H:%M:%S.%f{zone}')"
    if kind == "FLOAT":
        # By way of its text, or 0.1 would become 0.10000000149011612.
        name = f"CAST(CAST({name} AS VARCHAR) AS DOUBLE)"
    if kind in ("FLOAT", "DOUBLE"):
        return f"CASE WHEN isfinite({name}) THEN {name} END"
    if kind == "BLOB":
        return f"base64({name})"
    return name


def filled(template: str, columns: Sequence[str], values: Sequence[str | None]) -> str | None:
    """Return an address with a row's values in place of {column}; None if one cannot be there."""
    for column, value in zip(columns, values, strict=True):
        part = segment(value) if value is not None else None
        if part is None:
            return None
        template = template.replace("{" + column + "}", part)
    return template
