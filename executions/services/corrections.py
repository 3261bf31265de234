"""Rejected rows as somebody has edited them, and what that corrects."""

import json
from collections.abc import Mapping
from typing import Any

from etl.rejected_rows import RejectedRow
from executions.services.quarantine import Quarantine

Edited = Mapping[int, str | Mapping[str, str]]
"""By the index of a row: the text of a raw record, or the texts of some values by column."""


def corrections_of(
    found: Quarantine, offset: int, limit: int, edited: Edited
) -> dict[str, dict[str, Any]]:
    """Return corrections as `replay_rejected` takes them: what differs from the rejected rows.

    `edited` is of some of the `limit` rows from the row `offset` on; line ends do not count, which
    browsers change. A value that was emptied is none any more.
    """
    corrections: dict[str, dict[str, Any]] = {}
    if not found.is_raw and not found.dataset.records:
        # What cannot be replayed at all is refused for that.
        return corrections
    for row in found.page(offset, limit):
        if new := _changes(row, edited.get(row.index, {})):
            corrections[str(row.index)] = new
    return corrections


def values_of(row: RejectedRow) -> dict[str, str | None]:
    """Return the values of a row that is kept by columns, as texts; none of a raw record."""
    try:
        record = json.loads(row.record or "")
    except ValueError:
        return {}
    if not isinstance(record, dict):
        return {}
    return {
        name: value if value is None or isinstance(value, str) else json.dumps(value)
        for name, value in record.items()
    }


def _changes(row: RejectedRow, edited: str | Mapping[str, str]) -> dict[str, str | None]:
    if isinstance(edited, str):
        text = _with_plain_ends(edited)
        return {"record": text} if text != _with_plain_ends(row.record or "") else {}
    old = values_of(row)
    # A name that somebody made up stays, to be refused by name.
    return {
        name: _with_plain_ends(text) or None
        for name, text in edited.items()
        if _with_plain_ends(text) != _with_plain_ends(old.get(name) or "") or name not in old
    }


def _with_plain_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
