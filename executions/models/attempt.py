"""How earlier attempts of an execution ended: one row for each."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from executions.models.execution import PipelineExecution
from executions.models.task import TaskExecution
from executions.statuses import ExecutionStatus
from pipelines.messages import MessageField, as_json, from_json


class ExecutionAttempt(models.Model):
    """An earlier attempt of an execution: how it ended before the next one began."""

    execution = models.ForeignKey(
        PipelineExecution,
        on_delete=models.CASCADE,
        related_name="earlier_attempts",
        verbose_name=_("execution"),
    )
    number = models.PositiveIntegerField(_("number"))
    status = models.CharField(_("status"), max_length=16, choices=ExecutionStatus)
    error_message = MessageField(_("error message"), blank=True, default="")
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    completed_at = models.DateTimeField(_("completed at"), null=True, blank=True)
    duration_seconds = models.FloatField(_("duration seconds"), null=True, blank=True)
    requested_at = models.DateTimeField(_("requested at"), null=True, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("requested by"),
    )
    rows_rejected = models.BigIntegerField(
        _("rows rejected"),
        default=0,
        help_text=_("Rows that the nodes of the execution had set aside at its end."),
    )
    nodes = models.JSONField(
        _("nodes"),
        default=list,
        help_text=_("How each node that it ran stood at its end, in order."),
    )

    # And the error, which is a message.
    KEPT: ClassVar = (
        "node_id",
        "status",
        "tries",
        "duration_seconds",
        "rows_in",
        "rows_out",
    )

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["execution", "number"], name="one_row_an_attempt"),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} ({self.status})"

    @property
    def told_nodes(self) -> list[dict[str, Any]]:
        """How each node stood, with its error as a message."""
        return [{**node, "error": from_json(node["error"])} for node in self.nodes]

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
            rows_rejected=execution.rows_rejected,
            requested_at=execution.created_at if is_first else execution.attempt_requested_at,
            requested_by=execution.triggered_by if is_first else execution.attempt_requested_by,
            nodes=[
                {
                    **{field: getattr(task, field) for field in cls.KEPT},
                    "error": as_json(task.error),
                }
                for task in tasks
                if ran is None or task.node_id in ran
            ],
        )
