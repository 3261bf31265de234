"""The words an execution and a node can be described with, and which of them are final."""

from django.db import models


class ExecutionStatus(models.TextChoices):
    """Where an execution stands. Nothing else is ever stored or shown."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class NodeStatus(models.TextChoices):
    """Where one node of an execution stands."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class TriggerType(models.TextChoices):
    """What started an execution."""

    MANUAL = "manual"
    API = "api"
    SCHEDULED = "scheduled"
    BACKFILL = "backfill"
    REPLAY = "replay", "Replay of rejected rows"
    EXTERNAL = "external", "External (by hand in Airflow)"


ACTIVE_STATUSES: frozenset[str] = frozenset({ExecutionStatus.PENDING, ExecutionStatus.RUNNING})
FINAL_STATUSES: frozenset[str] = frozenset(
    {ExecutionStatus.SUCCESS, ExecutionStatus.FAILED, ExecutionStatus.CANCELLED}
)
# The reason beside `unknown` where nothing can be running any more.
DELETED_IN_AIRFLOW = (
    "The DAG run no longer exists in Airflow (was it deleted there?), "
    "so how it ended cannot be known. See whether its data was loaded; if not, execute the "
    "pipeline again."
)
FINAL_NODE_STATUSES: frozenset[str] = frozenset(
    {NodeStatus.SUCCESS, NodeStatus.FAILED, NodeStatus.SKIPPED, NodeStatus.CANCELLED}
)
