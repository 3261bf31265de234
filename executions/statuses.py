"""The words an execution and a node can be described with, and which of them are final."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from etl.messages import say


class ExecutionStatus(models.TextChoices):
    """Where an execution stands. Nothing else is ever stored or shown."""

    PENDING = "pending", _("Pending")
    RUNNING = "running", _("Running")
    SUCCESS = "success", _("Success")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
    UNKNOWN = "unknown", _("Unknown")


class NodeStatus(models.TextChoices):
    """Where one node of an execution stands."""

    PENDING = "pending", _("Pending")
    RUNNING = "running", _("Running")
    SUCCESS = "success", _("Success")
    FAILED = "failed", _("Failed")
    SKIPPED = "skipped", _("Skipped")
    CANCELLED = "cancelled", _("Cancelled")
    UNKNOWN = "unknown", _("Unknown")


class TriggerType(models.TextChoices):
    """What started an execution."""

    MANUAL = "manual", _("Manual")
    API = "api", _("API")
    SCHEDULED = "scheduled", _("Scheduled")
    BACKFILL = "backfill", _("Backfill")
    REPLAY = "replay", _("Replay of rejected rows")
    EXTERNAL = "external", _("External (by hand in Airflow)")


ACTIVE_STATUSES: frozenset[str] = frozenset({ExecutionStatus.PENDING, ExecutionStatus.RUNNING})
FINAL_STATUSES: frozenset[str] = frozenset(
    {ExecutionStatus.SUCCESS, ExecutionStatus.FAILED, ExecutionStatus.CANCELLED}
)
# The reason beside `unknown` where nothing can be running any more.
DELETED_IN_AIRFLOW = say(
    "The DAG run no longer exists in Airflow (was it deleted there?), "
    "so how it ended cannot be known. See whether its data was loaded; if not, execute the "
    "pipeline again."
)
FINAL_NODE_STATUSES: frozenset[str] = frozenset(
    {NodeStatus.SUCCESS, NodeStatus.FAILED, NodeStatus.SKIPPED, NodeStatus.CANCELLED}
)
