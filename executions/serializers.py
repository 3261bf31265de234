"""Executions at the JSON boundary. All of them are read-only."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from executions import services
from executions.models import ExecutionAttempt, PipelineExecution, TaskExecution
from executions.services.logs import PAGE
from pipelines.serializers import MessageSerializerField, ObjectField

AnyField = serializers.Field[Any, Any, Any, Any]


class TaskExecutionSerializer(serializers.ModelSerializer[TaskExecution]):
    """One node of an execution."""

    output = ObjectField(
        read_only=True,
        allow_null=True,
        help_text="Columns, schema, shape and the first rows, at most 20; each of them in "
        "`outputs`, by name, for a node with several outputs. Of an extractor with a watermark, "
        "`watermark` says what it read; of a loader, `advanced` which watermarks it moved.",
    )
    rejected = ObjectField(
        read_only=True,
        allow_null=True,
        help_text="The rows that were set aside: `uri`, `rows`, `reasons`, and the first of them "
        "as `data`. Null if there are none.",
    )
    error = MessageSerializerField(read_only=True)
    warnings = serializers.ListField(
        source="warned",
        child=MessageSerializerField(),
        read_only=True,
        help_text="What to look at although the node goes on.",
    )

    class Meta:
        model = TaskExecution
        fields = [
            "node_id",
            "node_name",
            "module",
            "status",
            "tries",
            "max_tries",
            "started_at",
            "completed_at",
            "duration_seconds",
            "rows_in",
            "rows_out",
            "rows_rejected",
            "rows_removed",
            "rows_added",
            "bytes_out",
            "peak_rss_bytes",
            "error",
            "warnings",
            "output",
            "rejected",
        ]
        read_only_fields = fields


class RunTrySerializer(serializers.Serializer[Any]):
    """One try of a node."""

    number = serializers.IntegerField()
    status = serializers.CharField()
    started_at = serializers.DateTimeField(allow_null=True)
    completed_at = serializers.DateTimeField(allow_null=True)
    duration_seconds = serializers.FloatField(allow_null=True)


class NodeSerializer(TaskExecutionSerializer):
    """One node of an execution, with its tries."""

    run_tries = RunTrySerializer(
        many=True, read_only=True, help_text="Every try that is known, of all attempts."
    )
    replay_refusal = serializers.SerializerMethodField()

    class Meta(TaskExecutionSerializer.Meta):
        fields = [*TaskExecutionSerializer.Meta.fields, "run_tries", "replay_refusal"]
        read_only_fields = fields

    def get_replay_refusal(self, task: TaskExecution) -> str:
        """Why its rejected rows cannot be replayed; empty where they can, or there are none."""
        if task.rejected is None:
            return ""
        return services.replay_refusal(task.execution, task.node_id)


class ExecutionSerializer(serializers.ModelSerializer[PipelineExecution]):
    """An execution as lists show it."""

    params = ObjectField(read_only=True)
    revision = serializers.IntegerField(
        source="revision.number",
        read_only=True,
        allow_null=True,
        default=None,
        help_text="Number of the pipeline's revision that runs.",
    )
    triggered_by = serializers.CharField(
        source="triggered_by.username", read_only=True, allow_null=True, default=None
    )
    status_reason = MessageSerializerField(
        read_only=True, help_text=PipelineExecution._meta.get_field("status_reason").help_text
    )
    error_message = MessageSerializerField(read_only=True)
    has_rejected = serializers.BooleanField(
        read_only=True, help_text="Whether rows were set aside, though it may be a success."
    )
    cancel_requested_by = serializers.CharField(
        source="cancel_requested_by.username", read_only=True, allow_null=True, default=None
    )

    class Meta:
        model = PipelineExecution
        fields = [
            "id",
            "pipeline",
            "pipeline_name",
            "revision",
            "airflow_dag_id",
            "airflow_dag_run_id",
            "status",
            "status_reason",
            "trigger_type",
            "params",
            "created_at",
            "started_at",
            "completed_at",
            "duration_seconds",
            "error_message",
            "rows_rejected",
            "has_rejected",
            "celery_task_id",
            "triggered_by",
            "cancel_requested_at",
            "cancel_requested_by",
            "replay_of",
            "replay_node",
            "attempt",
        ]
        read_only_fields = fields


class ReplayOfSerializer(serializers.ModelSerializer[PipelineExecution]):
    """An execution that replayed rows of the one that is shown."""

    class Meta:
        model = PipelineExecution
        fields = ["id", "replay_node", "status", "created_at"]
        read_only_fields = fields


class AttemptNodeSerializer(serializers.Serializer[Any]):
    """How a node stood when an attempt ended, or stands."""

    node_id = serializers.CharField()
    status = serializers.CharField()
    tries = serializers.IntegerField()
    duration_seconds = serializers.FloatField(allow_null=True)
    rows_in = serializers.IntegerField(allow_null=True)
    rows_out = serializers.IntegerField(allow_null=True)
    error = MessageSerializerField(allow_blank=True)


class AttemptSerializer(serializers.ModelSerializer[ExecutionAttempt]):
    """One attempt of an execution, with the nodes that it ran."""

    requested_by = serializers.CharField(
        source="requested_by.username", read_only=True, allow_null=True, default=None
    )
    error_message = MessageSerializerField(read_only=True)
    nodes = AttemptNodeSerializer(source="told_nodes", many=True, read_only=True)

    class Meta:
        model = ExecutionAttempt
        fields = [
            "number",
            "status",
            "error_message",
            "requested_at",
            "requested_by",
            "started_at",
            "completed_at",
            "duration_seconds",
            "nodes",
        ]
        read_only_fields = fields


class ExecutionDetailSerializer(ExecutionSerializer):
    """An execution with its nodes, in topological order, its attempts and replays."""

    tasks = TaskExecutionSerializer(many=True, read_only=True)
    replays = ReplayOfSerializer(many=True, read_only=True)
    attempts = serializers.SerializerMethodField()

    class Meta(ExecutionSerializer.Meta):
        fields = [
            *ExecutionSerializer.Meta.fields,
            *("triggered_at", "tasks", "replays", "attempts"),
        ]
        read_only_fields = fields

    @extend_schema_field(AttemptSerializer(many=True))
    def get_attempts(self, execution: PipelineExecution) -> Any:
        """Return every attempt, the first one first; the last is the execution as it stands."""
        return AttemptSerializer(services.attempts_of(execution), many=True).data


class LogChoiceSerializer(serializers.Serializer[Any]):
    """Whose log to read."""

    node = serializers.CharField(required=False, help_text="Id of a node; all nodes by default.")

    def get_fields(self) -> dict[str, AnyField]:
        """Add `try`, which is no Python identifier."""
        return super().get_fields() | {
            "try": serializers.IntegerField(
                required=False, min_value=1, help_text="Number of a try; the latest by default."
            )
        }


class LogQuerySerializer(LogChoiceSerializer):
    """Which part of which logs to read."""

    offset = serializers.IntegerField(
        default=0, min_value=-10_000, max_value=2**31 - 1, help_text="From the end if negative."
    )
    limit = serializers.IntegerField(default=PAGE, min_value=1, max_value=10_000)


class LogEventSerializer(serializers.Serializer[Any]):
    """One message of a log."""

    timestamp = serializers.DateTimeField(allow_null=True)
    level = serializers.CharField(help_text="A lower-case word, or empty.")
    message = serializers.CharField()


class NodeLogSerializer(serializers.Serializer[Any]):
    """A page of the log of one try of a node."""

    node = serializers.CharField(source="node_id")
    is_kept = serializers.BooleanField(
        help_text="Whether it is LogiData's own copy, which no longer changes."
    )
    total = serializers.IntegerField(help_text="How many events there are, so far.")
    offset = serializers.IntegerField(help_text="The place of the first event of this page.")
    next = serializers.IntegerField(
        allow_null=True, help_text="The offset of the next page; null at the end."
    )
    events = LogEventSerializer(many=True)

    def get_fields(self) -> dict[str, AnyField]:
        """Add `try`, which is no Python identifier; 0 for a node that has not begun."""
        fields = super().get_fields()
        return {
            "node": fields["node"],
            "try": serializers.IntegerField(source="attempt"),
            **{name: field for name, field in fields.items() if name != "node"},
        }


class ExecutionLogsSerializer(serializers.Serializer[Any]):
    """The logs of an execution, node by node."""

    execution_id = serializers.UUIDField()
    logs = NodeLogSerializer(many=True)
