"""How each node of an execution went: one row a node."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from executions.models.execution import PipelineExecution
from executions.statuses import NodeStatus
from executions.tries import Try, as_shown
from pipelines.messages import MessageField, from_json


class TaskExecution(models.Model):
    """One node within an execution. Rows exist from the start, one a node of the revision."""

    execution = models.ForeignKey(
        PipelineExecution,
        on_delete=models.CASCADE,
        related_name="tasks",
        verbose_name=_("execution"),
    )
    node_id = models.CharField(_("node"), max_length=250)
    node_name = models.CharField(_("name"), max_length=255, blank=True, default="")
    module = models.CharField(_("module"), max_length=255, blank=True, default="")
    position = models.PositiveIntegerField(
        _("position"), default=0, help_text=_("Place in topological order.")
    )
    status = models.CharField(
        _("status"), max_length=16, choices=NodeStatus, default=NodeStatus.PENDING
    )
    tries = models.PositiveIntegerField(_("tries"), default=0)
    max_tries = models.PositiveIntegerField(_("max tries"), default=1)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    completed_at = models.DateTimeField(_("completed at"), null=True, blank=True)
    duration_seconds = models.FloatField(_("duration seconds"), null=True, blank=True)
    # What was seen of each of its tries, of all attempts: see `executions.tries`.
    seen_tries = models.JSONField(default=list, blank=True, editable=False)
    rows_in = models.BigIntegerField(_("rows in"), null=True, blank=True)
    rows_out = models.BigIntegerField(_("rows out"), null=True, blank=True)
    rows_rejected = models.BigIntegerField(_("rows rejected"), null=True, blank=True)
    rows_removed = models.BigIntegerField(
        _("rows removed"),
        null=True,
        blank=True,
        help_text=_("Rows that it dropped because it was told to."),
    )
    rows_added = models.BigIntegerField(
        _("rows added"),
        null=True,
        blank=True,
        help_text=_("Rows that it made beside those that it took in."),
    )
    bytes_out = models.BigIntegerField(_("bytes out"), null=True, blank=True)
    peak_rss_bytes = models.BigIntegerField(_("peak rss bytes"), null=True, blank=True)
    error = MessageField(_("error"), blank=True, default="")
    output = models.JSONField(
        _("output"),
        null=True,
        blank=True,
        help_text=_("Columns, schema and a small sample of the output."),
    )
    rejected = models.JSONField(
        _("rejected"),
        null=True,
        blank=True,
        help_text=_("Where the rejected rows are, how many, why, the first."),
    )
    warnings = models.JSONField(_("warnings"), default=list, blank=True)
    logs_kept = models.PositiveIntegerField(
        _("logs kept"),
        default=0,
        help_text=_("So many of its tries have a log of LogiData's own, if any."),
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
        verbose_name = _("node of an execution")
        verbose_name_plural = _("nodes of an execution")
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
            # How many rows loaders have written lately, read from the index alone.
            models.Index(
                fields=["completed_at"],
                include=["rows_out", "status"],
                condition=models.Q(module__startswith="load.", rows_out__isnull=False),
                name="node_rows_loaded",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.node_id} ({self.status})"

    @property
    def run_tries(self) -> list[Try]:
        """Every try that is known, of all attempts, the first one first."""
        return as_shown(self.seen_tries, self.status)

    @property
    def warned(self) -> list[str]:
        """The warnings of the node, as messages."""
        return [from_json(warning) for warning in self.warnings]

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
