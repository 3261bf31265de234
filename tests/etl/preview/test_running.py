"""What a preview reports of its nodes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import pytest

from etl import registry
from etl.connections import from_environment
from etl.context import RunContext
from etl.inputs import Inputs
from etl.messages import Message, say
from etl.module import Extractor, ModuleConfig, Output, Result
from etl.preview.part import part_of
from etl.preview.running import Wish, run_part
from etl.settings import RunSettings
from tests.etl.conftest import Lab


class Odd(Extractor):
    """Gives a row, and warns of others."""

    key = "extract.odd"
    title = "Odd"

    class Config(ModuleConfig):
        """None."""

    def execute(self, inputs: Inputs, context: RunContext) -> Output:
        rows = inputs.query("SELECT 1 AS n")
        return Result(rows, warnings=lambda: [say("{rows} rows are odd.", rows=3)])


def report_of(lab: Lab) -> Mapping[str, Any]:
    """Return what is reported of the node when it has ended."""
    graph = {"nodes": [{"id": "read", "module": Odd.key}], "edges": []}
    wish = Wish(part_of(graph, "read"), {}, "user-1", shown=10, read=10, seconds=60)
    settings = RunSettings(lab.staging, f"{lab.staging}/state", (lab.data,), lab.memory_limit)
    events: list[Mapping[str, Any]] = []
    run_part(
        wish,
        settings,
        connection=from_environment,
        report=events.append,
        logger=logging.getLogger("test"),
    )
    return events[-1]


def test_a_warning_can_be_translated_also_where_the_node_is_not_run_again(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry._BUILT_IN, Odd.key, f"{__name__}:Odd")

    first, second = report_of(lab), report_of(lab)

    assert (first["reused"], second["reused"]) == (False, True)
    for warning in (*first["warnings"], *second["warnings"]):
        assert warning == "3 rows are odd."
        assert isinstance(warning, Message)
        assert warning.values == {"rows": 3}
