"""A place to run single nodes in."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from etl import registry
from etl.connections import Connection, from_environment
from etl.context import RunContext, Sample
from etl.inputs import Inputs
from etl.module import ModuleConfig, Output, Transformer
from etl.runner import NodeResult, run_node


class Rows(Transformer):
    """Gives the rows that a test made up."""

    key = "test.rows"
    title = "Rows"
    ports = ()
    source: pa.Table | str

    class Config(ModuleConfig):
        """None."""

    def execute(self, inputs: Inputs, context: RunContext) -> Output:
        source = type(self).source
        return inputs.query(source) if isinstance(source, str) else source


@dataclass
class Lab:
    """Runs nodes on made-up inputs, in a staging folder and a data folder of its own."""

    staging: str
    data: Path
    execution_id: str = "run-1"
    memory_limit: str = "256MB"
    sample: Sample | None = None
    connection: Callable[[str], Connection] = from_environment
    logger: logging.Logger = field(default_factory=lambda: logging.getLogger("test"))

    def context(self, node_id: str = "node", attempt: int = 1) -> RunContext:
        return RunContext(
            execution_id=self.execution_id,
            node_id=node_id,
            staging=self.staging,
            attempt=attempt,
            data_dirs=(self.data,),
            connection=self.connection,
            memory_limit=self.memory_limit,
            sample=self.sample,
            logger=self.logger,
        )

    def stage(self, rows: Sequence[Mapping[str, Any]] | str, node_id: str = "source") -> NodeResult:
        """Stage records, or the result of a DuckDB SELECT, as if a node had made them."""
        Rows.source = (
            rows if isinstance(rows, str) else pa.Table.from_pylist([dict(row) for row in rows])
        )
        return run_node(
            node_id=node_id,
            module="test.rows",
            config={},
            inputs={},
            context=self.context(node_id),
        )

    def run(
        self,
        module: str,
        config: Mapping[str, Any],
        rows: Sequence[Mapping[str, Any]] | str | None = None,
        *,
        inputs: Mapping[str, NodeResult] | None = None,
        node_id: str = "node",
        attempt: int = 1,
        timeout: float | None = None,
    ) -> NodeResult:
        """Run one node on `rows` (its only input), or on staged `inputs`."""
        feeds = dict(inputs or {})
        if rows is not None:
            feeds["input"] = self.stage(rows, f"{node_id}_source")
        return run_node(
            node_id=node_id,
            module=module,
            config=config,
            inputs=feeds,
            context=self.context(node_id, attempt),
            timeout=timeout,
        )

    def records(self, result: NodeResult) -> list[dict[str, Any]]:
        """Return all records that a node staged."""
        assert result["uri"] is not None
        return pq.read_table(Path(result["uri"]) / "part-0.parquet").to_pylist()

    def rejected(self, result: NodeResult) -> list[dict[str, Any]]:
        """Return all rows that a node has set aside."""
        assert result["rejected"] is not None
        return pq.read_table(Path(result["rejected"]["uri"]) / "part-0.parquet").to_pylist()

    def at(self, staging: str) -> Lab:
        """Return the same lab with another staging."""
        return replace(self, staging=staging)


@pytest.fixture(autouse=True)
def _made_up_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry._BUILT_IN, Rows.key, f"{Rows.__module__}:Rows")


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    data = tmp_path / "the data"
    data.mkdir()
    return Lab(staging=str(tmp_path / "staging"), data=data)
