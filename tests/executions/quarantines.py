"""Real quarantines in a real staging folder, beside an Airflow that is not real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from etl.context import RunContext
from etl.inputs import Inputs
from etl.module import ModuleConfig, Output, Transformer
from etl.results import NodeResult
from etl.runner import run_node


class Given(Transformer):
    """Gives the rows that a test made up."""

    key = "test.given"
    title = "Given"
    ports = ()
    rows: pa.Table

    class Config(ModuleConfig):
        """None."""

    def execute(self, inputs: Inputs, context: RunContext) -> Output:
        return type(self).rows


@dataclass
class Staging:
    """Runs nodes as Airflow's tasks would, in a staging of its own."""

    folder: Path

    def given(self, execution_id: str, node: str, rows: Sequence[Mapping[str, Any]]) -> NodeResult:
        Given.rows = pa.Table.from_pylist([dict(row) for row in rows])
        return self.run(execution_id, node, "test.given", {}, {})

    def run(
        self,
        execution_id: str,
        node: str,
        module: str,
        config: Mapping[str, Any],
        inputs: Mapping[str, Mapping[str, Any]],
    ) -> NodeResult:
        context = RunContext(
            execution_id=execution_id,
            node_id=node,
            staging=str(self.folder),
            data_dirs=(self.folder.parent / "data",),
            memory_limit="256MB",
        )
        return run_node(node_id=node, module=module, config=config, inputs=inputs, context=context)
