"""Rejected rows as somebody has edited them, and what that corrects."""

import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from executions.errors import InvalidCorrections
from executions.services.quarantine import Quarantine
from pipelines.errors import Problem


def corrections_of(
    found: Quarantine, offset: int, limit: int, edited: Mapping[int, str]
) -> dict[str, dict[str, Any]]:
    """Return corrections as `replay_rejected` takes them: what differs from the rejected rows.

    `edited` has the texts of some of the `limit` records from the row `offset` on, by index; line
    ends do not count, which browsers change. Raise `InvalidCorrections` for a row that is no JSON
    object any more.
    """
    corrections: dict[str, dict[str, Any]] = {}
    if not found.is_raw and not found.dataset.records:
        # What cannot be replayed at all is refused for that.
        return corrections
    for row in found.page(offset, limit):
        before = _with_plain_ends(row.record or "")
        text = _with_plain_ends(edited.get(row.index, before))
        if text != before:
            new = {"record": text} if found.is_raw else _changes(found, row.index, before, text)
            corrections[str(row.index)] = new
    return corrections


def _changes(found: Quarantine, index: int, before: str, text: str) -> dict[str, Any]:
    old = json.loads(before)
    try:
        new = json.loads(text)
    except ValueError:
        new = None
    if not isinstance(new, dict):
        message = _("Row %(index)s is no JSON object any more. Change nothing but its values.") % {
            "index": index
        }
        raise InvalidCorrections(found.node, [Problem(None, f"records.{index}", message)])
    # A name that somebody made up stays, to be refused by name.
    return {name: new.get(name) for name in {**old, **new} if new.get(name) != old.get(name)}


def _with_plain_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
