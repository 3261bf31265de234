"""A pipeline with a watermark: a file that grows, and a table that takes what is new."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from etl.errors import ETLError
from etl.local import LocalRun, run_graph
from etl.results import NodeResult
from etl.settings import RunSettings
from etl.watermarks.store import Position, PositionStore

PIPELINE = "pipeline_1"


def numbered(*ids: int) -> list[dict[str, Any]]:
    return [{"id": number, "name": f"row {number}"} for number in ids]


@dataclass
class Incremental:
    """Reads `source.jsonl` by a watermark into tables of `target.sqlite`, run by run."""

    folder: Path
    watermark: dict[str, Any] = field(default_factory=lambda: {"column": "id"})
    extract: dict[str, Any] = field(default_factory=lambda: {"path": "source.jsonl"})
    # One loader a table.
    tables: Sequence[str] = ("orders",)
    load: dict[str, Any] = field(default_factory=dict)
    extractor: str = "extract.jsonl"

    @property
    def settings(self) -> RunSettings:
        return RunSettings(
            str(self.folder / "staging"), str(self.folder / "state"), (self.data,), "256MB"
        )

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def store(self) -> PositionStore:
        return PositionStore(self.settings.state, PIPELINE, "read")

    @property
    def position(self) -> Position:
        return self.store.current()

    def source(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Make these the rows of the source."""
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (self.data / "source.jsonl").write_text(lines)

    def graph(self) -> dict[str, Any]:
        loaders = [
            {
                "id": f"to_{table}",
                "module": "load.sqlite",
                "config": {"path": "target.sqlite", "table": table, **self.load},
            }
            for table in self.tables
        ]
        read = {"id": "read", "module": self.extractor, "config": self.extract}
        return {
            "nodes": [{**read, "watermark": self.watermark}, *loaders],
            "edges": [{"source": "read", "target": loader["id"]} for loader in loaders],
        }

    def run(self) -> LocalRun:
        """Execute once."""
        return run_graph(
            self.graph(), params={}, settings=self.settings, pipeline=PIPELINE, keep_staging=True
        )

    def read(self) -> NodeResult:
        """Execute once, which must succeed, and return what the extractor says."""
        done = self.run()
        assert done.error is None, done.error
        return done.results["read"]

    def failure(self) -> ETLError:
        """Execute once, which must fail, and return why."""
        done = self.run()
        assert done.error is not None
        return done.error

    def ids(self, table: str = "orders") -> list[Any]:
        """Return the ids in a table, sorted."""
        return [row[0] for row in self.query(f'SELECT id FROM "{table}" ORDER BY id')]

    def query(self, sql: str) -> list[Any]:
        connection = sqlite3.connect(self.data / "target.sqlite")
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def execute(self, sql: str) -> None:
        connection = sqlite3.connect(self.data / "target.sqlite", isolation_level=None)
        connection.execute(sql)
        connection.close()


@pytest.fixture
def incremental(tmp_path: Path) -> Incremental:
    (tmp_path / "data").mkdir()
    return Incremental(tmp_path)
