"""What ran: one row an execution."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from airflow_bridge.spec import dag_id_of
from etl.execution_id import RUN_ID_PREFIX
from executions.statuses import (
    ACTIVE_STATUSES,
    DELETED_IN_AIRFLOW,
    FINAL_STATUSES,
    ExecutionStatus,
    TriggerType,
)
from pipelines.messages import MessageField, from_json
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


# What runs for longer is not looked for among what ended.
LONGEST = timedelta(days=7)


class Executions(models.QuerySet["PipelineExecution"]):
    """Executions, with what their pages must know of how they were narrowed down."""

    names: list[str] | None = None
    is_rejected_only = False

    def named(self, names: Sequence[str]) -> "Executions":
        """Return those whose pipeline had one of these names."""
        found = self.filter(pipeline_name__in=names)
        found.names = list(names)
        return found

    def with_rejected(self) -> "Executions":
        """Return those of which rows were set aside."""
        found = self.filter(rows_rejected__gt=0)
        found.is_rejected_only = True
        return found

    def ended_since(self, moment: datetime) -> "Executions":
        """Return those that ended then or later, but for those that took longer than a week.

        Times of the beginning are what indexes hold.
        """
        return self.filter(completed_at__gte=moment, created_at__gte=moment - LONGEST)

    def _clone(self) -> Any:
        clone = super()._clone()  # type: ignore[misc]
        clone.names, clone.is_rejected_only = self.names, self.is_rejected_only
        return clone


class PipelineExecution(models.Model):
    """One run of a pipeline. `status` changes only through `executions.transitions`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    pipeline = models.ForeignKey(
        Pipeline,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="executions",
        verbose_name=_("pipeline"),
    )
    # The name survives the pipeline: the history of a deleted pipeline stays readable.
    pipeline_name = models.CharField(_("pipeline name"), max_length=255)
    revision = models.ForeignKey(
        PipelineRevision,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="executions",
        verbose_name=_("revision"),
    )
    airflow_dag_id = models.CharField(_("DAG id"), max_length=250)
    airflow_dag_run_id = models.CharField(_("DAG run id"), max_length=250)
    status = models.CharField(
        _("status"), max_length=16, choices=ExecutionStatus, default=ExecutionStatus.PENDING
    )
    status_reason = MessageField(
        _("status reason"),
        blank=True,
        default="",
        help_text=_("Why the execution waits, or why its status is unknown."),
    )
    trigger_type = models.CharField(
        _("trigger type"), max_length=16, choices=TriggerType, default=TriggerType.MANUAL
    )
    params = models.JSONField(_("params"), default=dict, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    completed_at = models.DateTimeField(_("completed at"), null=True, blank=True)
    duration_seconds = models.FloatField(_("duration seconds"), null=True, blank=True)
    error_message = MessageField(_("error message"), blank=True, default="")
    rows_rejected = models.BigIntegerField(
        _("rows rejected"),
        default=0,
        help_text=_("Rows that its nodes set aside for a fault of theirs."),
    )
    celery_task_id = models.CharField(_("Celery task id"), max_length=155, blank=True, default="")
    triggered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("triggered by"),
    )
    # When a worker last looked whether the execution can be triggered.
    attempted_at = models.DateTimeField(null=True, blank=True, editable=False)
    # A worker has set out to trigger: from here on a DAG run may exist.
    trigger_claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Airflow has confirmed the DAG run.
    triggered_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancel_requested_at = models.DateTimeField(_("cancel requested at"), null=True, blank=True)
    cancel_requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("cancel requested by"),
    )
    replay_of = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="replays",
        help_text=_("The execution whose rejected rows go through again."),
        verbose_name=_("replay of"),
    )
    replay_node = models.CharField(_("replay node"), max_length=250, blank=True, default="")
    # What `executions.services.replaying` worked out; it goes along in the DAG run's conf.
    replay_plan = models.JSONField(null=True, blank=True, editable=False)
    # Set just before Airflow is told to fail the run: a task that fails after this was cancelled.
    cancel_sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    attempt = models.PositiveIntegerField(
        _("attempt"),
        default=1,
        help_text=_("How often it has begun: 1, and one more for every retry."),
    )
    attempt_nodes = models.JSONField(
        _("attempt nodes"),
        null=True,
        blank=True,
        help_text=_("The nodes that this attempt runs; null for all."),
    )
    attempt_requested_at = models.DateTimeField(_("attempt requested at"), null=True, blank=True)
    attempt_requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("attempt requested by"),
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
        _("staging removed at"),
        null=True,
        blank=True,
        help_text=_("When the data that its nodes had staged was removed."),
    )
    logs_removed_at = models.DateTimeField(
        _("logs removed at"),
        null=True,
        blank=True,
        help_text=_("When the logs that were kept of its nodes were removed."),
    )

    objects = Executions.as_manager()

    class Meta:
        verbose_name = _("execution")
        verbose_name_plural = _("executions")
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
            # For the last one of each pipeline.
            models.Index(fields=["pipeline", "-created_at"], name="execution_pipeline"),
            # What `executions.services.listing` walks, by each status and trigger type.
            models.Index(
                fields=["status", "trigger_type", "-created_at", "-id"],
                name="execution_by_status",
            ),
            models.Index(
                fields=["pipeline", "status", "trigger_type", "-created_at", "-id"],
                name="execution_by_pipeline",
            ),
            models.Index(
                fields=["pipeline_name", "status", "trigger_type", "-created_at", "-id"],
                name="execution_by_name",
            ),
            models.Index(fields=["airflow_dag_run_id"], name="execution_by_run"),
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
        # Without the status: the path at the head of a page that follows it would not change.
        if not self.created_at:
            return self.pipeline_name
        begun = date_format(timezone.localtime(self.created_at), "DATETIME_FORMAT")
        return f"{self.pipeline_name}, {begun}"

    @property
    def is_active(self) -> bool:
        """Whether the execution waits or runs."""
        return self.status in ACTIVE_STATUSES

    @property
    def replay_warnings(self) -> list[str]:
        """What to think of where it is a replay, as messages."""
        return [from_json(warning) for warning in (self.replay_plan or {}).get("warnings", ())]

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
    def runs_apart(self) -> bool:
        """Whether its DAG is one of its revision alone, not that of the pipeline."""
        return self.pipeline_id is not None and self.airflow_dag_id != dag_id_of(self.pipeline_id)

    @property
    def is_pinned(self) -> bool:
        """Whether Airflow runs the nodes of its own revision, whatever is deployed since."""
        return bool(self.bundle_version) or self.triggered_at is None or self.runs_apart

    @property
    def asked_at(self) -> datetime:
        """When the attempt that is shown was asked for."""
        if self.attempt == 1:
            return self.created_at
        # Nobody has asked LogiData for one that was cleared in Airflow.
        return self.attempt_requested_at or self.run_queued_at or self.started_at or self.created_at

    @property
    def has_rejected(self) -> bool:
        """Whether rows were set aside: even a success is to be looked at then."""
        return self.rows_rejected > 0
