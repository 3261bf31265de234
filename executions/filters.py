"""How a list of executions can be narrowed down."""

import django_filters

from executions.models import PipelineExecution
from executions.statuses import ExecutionStatus, TriggerType


class ExecutionFilter(django_filters.FilterSet):
    """By status and trigger type (each may be given several times), pipeline and creation time."""

    status = django_filters.MultipleChoiceFilter(choices=ExecutionStatus.choices)
    trigger_type = django_filters.MultipleChoiceFilter(choices=TriggerType.choices)
    pipeline = django_filters.UUIDFilter(field_name="pipeline_id", help_text="Id of a pipeline.")
    created_after = django_filters.IsoDateTimeFilter(
        field_name="created_at", lookup_expr="gte", help_text="Created then or later."
    )
    created_before = django_filters.IsoDateTimeFilter(
        field_name="created_at", lookup_expr="lt", help_text="Created earlier than then."
    )

    class Meta:
        model = PipelineExecution
        fields = ["status", "trigger_type", "pipeline", "created_after", "created_before"]
