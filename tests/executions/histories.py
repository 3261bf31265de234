"""Executions as they were stored some time ago, for lists."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from executions.models import PipelineExecution

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def make(count: int, *, minutes: int = 1, since: datetime = NOON, **fields: Any) -> list[uuid.UUID]:
    """Store so many executions, each so many minutes after the last; return ids, newest first."""
    made = []
    for number in range(count):
        pk = uuid.uuid4()
        PipelineExecution.objects.create(
            pk=pk,
            airflow_dag_id="pipeline_x",
            airflow_dag_run_id=f"logidata__{pk}",
            celery_task_id=str(pk),
            **({"pipeline_name": "orders"} | fields),
        )
        begun = since + timedelta(minutes=number * minutes)
        PipelineExecution.objects.filter(pk=pk).update(created_at=begun)
        made.append((begun, pk))
    return [pk for _, pk in sorted(made, reverse=True)]
