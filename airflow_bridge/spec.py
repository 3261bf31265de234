"""What a DAG file is generated from."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from etl.graph import Graph

DAG_ID_PREFIX = "pipeline_"


@dataclass(frozen=True)
class DagSpec:
    """One revision of a pipeline, with all that decides what its DAG is.

    `timeout` is in seconds, for a whole run.

    `effective_from` is when the revision came into being: a schedule begins with the first tick
    after it, never with one that had passed before. Without it Airflow may start a run for the
    tick before the deployment.
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

    @property
    def dag_id(self) -> str:
        """The id of the pipeline's DAG, the same for all its revisions."""
        return f"{DAG_ID_PREFIX}{self.pipeline_id}"
