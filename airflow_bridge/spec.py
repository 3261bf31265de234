"""What a DAG file is generated from, and how its DAG is called."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from etl.graph import Graph

DAG_ID_PREFIX = "pipeline_"
_DAG_ID = re.compile(
    DAG_ID_PREFIX
    + r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?:_r([1-9][0-9]*))?"
)


def dag_id_of(pipeline_id: UUID, revision: int | None = None) -> str:
    """Return the id of the pipeline's DAG, or of the one that runs an older revision alone."""
    return f"{DAG_ID_PREFIX}{pipeline_id}" + (f"_r{revision}" if revision is not None else "")


def parse_dag_id(dag_id: str) -> tuple[UUID, int | None] | None:
    """Return of which pipeline a DAG is, and of which revision alone; None for one not ours."""
    found = _DAG_ID.fullmatch(dag_id)
    if found is None:
        return None
    return UUID(found[1]), int(found[2]) if found[2] else None


@dataclass(frozen=True)
class DagSpec:
    """One revision of a pipeline, with all that decides what its DAG is.

    `timeout` is in seconds, for a whole run.

    `effective_from` is when the revision came into being: a schedule begins with the first tick
    after it, never with one that had passed before. Without it Airflow may start a run for the
    tick before the deployment.

    `is_apart` makes it a DAG of its own beside that of the current revision, without a schedule.
    """

    pipeline_id: UUID
    name: str
    description: str
    revision: int
    sha256: str
    graph: Graph
    schedule: str | None = None
    timezone: str = "UTC"
    timeout: float | None = None
    default_params: dict[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    is_active: bool = True
    effective_from: datetime | None = None
    is_apart: bool = False

    @property
    def dag_id(self) -> str:
        """The id of the DAG: of the pipeline's, the same for all its revisions, unless apart."""
        return dag_id_of(self.pipeline_id, self.revision if self.is_apart else None)
