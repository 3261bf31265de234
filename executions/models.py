"""What ran: one row an execution, one row a node of it, and where following Airflow has got to."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from etl.execution_id import RUN_ID_PREFIX
from executions.statuses import (
    ACTIVE_STATUSES,
    DELETED_IN_AIRFLOW,
    FINAL_STATUSES,
    ExecutionStatus,
    NodeStatus,
    TriggerType,
)
from pipelines.models import Pipeline, PipelineRevision


def run_id_for(execution_id: uuid.UUID) -> str:
    """Return the DAG run id of an execution of ours.

    It follows from the execution's id alone, so that a repeated trigger names the same run and
    Airflow refuses the second one.
    """
    return f"{RUN_ID_PREFIX}{execution_id}"


# What can be cancelled, and what keeps a pipeline from being deleted. One whose status is unknown
# may run still, unless that is because its run was deleted.
MAY_STILL_RUN = models.Q(status__in=ACTIVE_STATUSES) | (
    models.Q(status=ExecutionStatus.UNKNOWN) & ~models.Q(status_reason=DELETED_IN_AIRFLOW)
)


class PipelineExecution(models.Model):
    """One run of a pipeline. `status` changes only through `executions.transitions`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    pipeline = models.ForeignKey(
        Pipeline, on_delete=models.SET_NULL, null=True, blank=True, related_name="executions"
    )
    # The name survives the pipeline: the history of a deleted pipeline stays readable.
    pipeline_name = models.CharField(max_length=255)
    revision = models.ForeignKey(
        PipelineRevision,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="executions",
    )
    airflow_dag_id = models.CharField("DAG id", max_length=250)
    airflow_dag_run_id = models.CharField("DAG run id", max_length=250)
    status = models.CharField(
        max_length=16, choices=ExecutionStatus, default=ExecutionStatus.PENDING
    )
    status_reason = models.TextField(
        blank=True, default="", help_text="Why the execution waits, or why its status is unknown."
    )
    trigger_type = models.CharField(max_length=16, choices=TriggerType, default=TriggerType.MANUAL)
    params = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    duration_seconds = models.FloatField(null=True, blank=True)
    error_message = models.TextField(blank=True, default="")
    rows_rejected = models.BigIntegerField(
        default=0, help_text="Rows that its nodes set aside for a fault of theirs."
    )
    celery_task_id = models.CharField("Celery task id", max_length=155, blank=True, default="")
    triggered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    # When a worker last looked whether the execution can be triggered.
    attempted_at = models.DateTimeField(null=True, blank=True, editable=False)
    # A worker has set out to trigger: from here on a DAG run may exist.
    trigger_claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Airflow has confirmed the DAG run.
    triggered_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    replay_of = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="replays",
        help_text="The execution whose rejected rows go through again.",
    )
    replay_node = models.CharField(max_length=250, blank=True, default="")
    # What `executions.services.replaying` worked out; it goes along in the DAG run's conf.
    replay_plan = models.JSONField(null=True, blank=True, editable=False)
    # Set just before Airflow is told to fail the run: a task that fails after this was cancelled.
    cancel_sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    attempt = models.PositiveIntegerField(
        default=1, help_text="How often it has begun: 1, and one more for every retry."
    )
    attempt_nodes = models.JSONField(
        null=True, blank=True, help_text="The nodes that this attempt runs; null for all."
    )
    attempt_requested_at = models.DateTimeField(null=True, blank=True)
    attempt_requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    # When Airflow queued the run, by its own clock: later than noted here once it was cleared.
    run_queued_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The version of Airflow's DAG bundle that the run keeps to; empty where it follows the newest.
    bundle_version = models.CharField(max_length=250, blank=True, default="", editable=False)
    # Airflow is still to be told to run the attempt's nodes again.
    clear_pending = models.BooleanField(default=False, editable=False)
    # A worker has set out to tell it: from here on the run may begin anew.
    clear_claimed_at = models.DateTimeField(null=True, blank=True, editable=False)

    staging_removed_at = models.DateTimeField(
        null=True, blank=True, help_text="When the data that its nodes had staged was removed."
    )
    logs_removed_at = models.DateTimeField(
        null=True, blank=True, help_text="When the logs that were kept of its nodes were removed."
    )

    class Meta:
        verbose_name = "execution"
        ordering = ["-created_at", "-id"]
        permissions = [("cancel_pipelineexecution", "Can cancel execution")]
        constraints = [
            models.UniqueConstraint(
                fields=["airflow_dag_id", "airflow_dag_run_id"], name="one_execution_a_dag_run"
            ),
            # A message delivered twice must not make two executions.
            models.UniqueConstraint(
                fields=["celery_task_id"],
                condition=~models.Q(celery_task_id=""),
                name="one_execution_a_celery_task",
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="execution_newest"),
            models.Index(fields=["status", "-created_at"], name="execution_status"),
            models.Index(fields=["pipeline", "-created_at"], name="execution_pipeline"),
            # What the removal of staged data and the regular look at Airflow read: small, however
            # long the history grows.
            models.Index(
                fields=["completed_at"],
                condition=models.Q(staging_removed_at=None, completed_at__isnull=False),
                name="execution_staging",
            ),
            models.Index(
                fields=["completed_at"],
                condition=models.Q(logs_removed_at=None, completed_at__isnull=False),
                name="execution_logs",
            ),
            models.Index(
                fields=["created_at"],
                condition=models.Q(status__in=["pending", "running"]),
                name="execution_active",
            ),
            models.Index(
                fields=["-created_at", "-id"],
                condition=models.Q(rows_rejected__gt=0),
                name="execution_rejected",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pipeline_name} ({self.status})"

    @property
    def is_active(self) -> bool:
        """Whether the execution waits or runs."""
        return self.status in ACTIVE_STATUSES

    @property
    def may_still_run(self) -> bool:
        """Whether something of it may run, for all that is known: see `MAY_STILL_RUN`."""
        if self.status == ExecutionStatus.UNKNOWN:
            return self.status_reason != DELETED_IN_AIRFLOW
        return self.is_active

    @property
    def is_final(self) -> bool:
        """Whether the status can never change again."""
        return self.status in FINAL_STATUSES

    @property
    def is_pinned(self) -> bool:
        """Whether Airflow runs the nodes of its own revision, whatever is deployed since."""
        return bool(self.bundle_version) or self.triggered_at is None

    @property
    def asked_at(self) -> datetime:
        """When the attempt that is shown was asked for."""
        return self.attempt_requested_at or self.created_at

    @property
    def has_rejected(self) -> bool:
        """Whether rows were set aside: even a success is to be looked at then."""
        return self.rows_rejected > 0


class TaskExecution(models.Model):
    """One node within an execution. Rows exist from the start, one a node of the revision."""

    execution = models.ForeignKey(PipelineExecution, on_delete=models.CASCADE, related_name="tasks")
    node_id = models.CharField("node", max_length=250)
    node_name = models.CharField("name", max_length=255, blank=True, default="")
    module = models.CharField(max_length=255, blank=True, default="")
    position = models.PositiveIntegerField(default=0, help_text="Place in topological order.")
    status = models.CharField(max_length=16, choices=NodeStatus, default=NodeStatus.PENDING)
    tries = models.PositiveIntegerField(default=0)
    max_tries = models.PositiveIntegerField(default=1)
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    duration_seconds = models.FloatField(null=True, blank=True)
    rows_in = models.BigIntegerField(null=True, blank=True)
    rows_out = models.BigIntegerField(null=True, blank=True)
    rows_rejected = models.BigIntegerField(null=True, blank=True)
    rows_removed = models.BigIntegerField(
        null=True, blank=True, help_text="Rows that it dropped because it was told to."
    )
    rows_added = models.BigIntegerField(
        null=True, blank=True, help_text="Rows that it made beside those that it took in."
    )
    bytes_out = models.BigIntegerField(null=True, blank=True)
    peak_rss_bytes = models.BigIntegerField(null=True, blank=True)
    error = models.TextField(blank=True, default="")
    output = models.JSONField(
        null=True, blank=True, help_text="Columns, schema and a small sample of the output."
    )
    rejected = models.JSONField(
        null=True, blank=True, help_text="Where the rejected rows are, how many, why, the first."
    )
    warnings = models.JSONField(default=list, blank=True)
    logs_kept = models.PositiveIntegerField(
        default=0, help_text="So many of its tries have a log of LogiData's own, if any."
    )

    # The numbers of the try before must not stand beside the status of this one.
    NO_RESULT: ClassVar[dict[str, Any]] = {
        **dict.fromkeys(
            (
                *("rows_in", "rows_out", "rows_rejected", "rows_removed", "rows_added"),
                *("bytes_out", "peak_rss_bytes", "output", "rejected"),
            )
        ),
        "warnings": [],
    }

    class Meta:
        verbose_name = "node of an execution"
        verbose_name_plural = "nodes of an execution"
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["execution", "node_id"], name="one_row_a_node"),
        ]
        indexes = [
            # The tries whose logs are still to be copied: few, however long the history grows.
            models.Index(
                fields=["completed_at"],
                condition=models.Q(tries__gt=models.F("logs_kept")),
                name="node_logs_to_copy",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.node_id} ({self.status})"

    @property
    def sample(self) -> list[dict[str, Any]]:
        """The first rows of the node's output, at most 20; empty when it has none."""
        return list((self.output or {}).get("data") or [])

    @property
    def named_outputs(self) -> dict[str, dict[str, Any]]:
        """What is known of each output by name, for a node that has several; else empty."""
        outputs = (self.output or {}).get("outputs")
        named = outputs.items() if isinstance(outputs, dict) else ()
        return {name: output for name, output in named if isinstance(output, dict)}


class ExecutionAttempt(models.Model):
    """An earlier attempt of an execution: how it ended before the next one began."""

    execution = models.ForeignKey(
        PipelineExecution, on_delete=models.CASCADE, related_name="earlier_attempts"
    )
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=16, choices=ExecutionStatus)
    error_message = models.TextField(blank=True, default="")
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    duration_seconds = models.FloatField(null=True, blank=True)
    requested_at = models.DateTimeField(null=True, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    nodes = models.JSONField(
        default=list, help_text="How each node that it ran stood at its end, in order."
    )

    KEPT: ClassVar = (
        "node_id",
        "status",
        "tries",
        "duration_seconds",
        "rows_in",
        "rows_out",
        "error",
    )

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["execution", "number"], name="one_row_an_attempt"),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} ({self.status})"

    @classmethod
    def of(cls, execution: PipelineExecution, tasks: Iterable[TaskExecution]) -> "ExecutionAttempt":
        """Return the execution's attempt as it stands, unsaved."""
        ran = None if execution.attempt_nodes is None else set(execution.attempt_nodes)
        is_first = execution.attempt == 1
        return cls(
            execution=execution,
            number=execution.attempt,
            status=execution.status,
            error_message=execution.error_message,
            started_at=execution.started_at,
            completed_at=execution.completed_at,
            duration_seconds=execution.duration_seconds,
            requested_at=execution.created_at if is_first else execution.attempt_requested_at,
            requested_by=execution.triggered_by if is_first else execution.attempt_requested_by,
            nodes=[
                {field: getattr(task, field) for field in cls.KEPT}
                for task in tasks
                if ran is None or task.node_id in ran
            ],
        )


class SyncCursor(models.Model):
    """Where the regular look at Airflow has got to. A single row, with id 1."""

    # Airflow's clock, not ours: it is compared with Airflow's own times only.
    runs_seen_until = models.DateTimeField(null=True, blank=True)
    # When the last hour was looked at again, for runs whose change was missed.
    looked_back_at = models.DateTimeField(null=True, blank=True)
    reached_airflow_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "sync cursor"

    def __str__(self) -> str:
        return f"DAG runs seen until {self.runs_seen_until}"
