"""How a list of executions can be narrowed down."""

from typing import Any

import django_filters
from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from executions.models import PipelineExecution
from executions.statuses import ExecutionStatus, TriggerType


class ExecutionFilter(django_filters.FilterSet):
    """By status and trigger type (each may be given several times), pipeline, time, rejects."""

    status = django_filters.MultipleChoiceFilter(choices=ExecutionStatus.choices)
    trigger_type = django_filters.MultipleChoiceFilter(choices=TriggerType.choices)
    pipeline = django_filters.UUIDFilter(field_name="pipeline_id", help_text="Id of a pipeline.")
    created_after = django_filters.IsoDateTimeFilter(
        field_name="created_at", lookup_expr="gte", help_text="Created then or later."
    )
    created_before = django_filters.IsoDateTimeFilter(
        field_name="created_at", lookup_expr="lt", help_text="Created earlier than then."
    )
    has_rejected = django_filters.BooleanFilter(
        method="_with_rejected", help_text="Whether rows were set aside."
    )

    class Meta:
        model = PipelineExecution
        fields = [
            "status",
            "trigger_type",
            "pipeline",
            "created_after",
            "created_before",
            "has_rejected",
        ]

    def _with_rejected(
        self, queryset: QuerySet[PipelineExecution], name: str, value: bool
    ) -> QuerySet[PipelineExecution]:
        return queryset.filter(rows_rejected__gt=0) if value else queryset.filter(rows_rejected=0)


class WithRejected(SimpleListFilter):
    """The executions of which rows were set aside, for the admin's list."""

    title = "rejected rows"
    parameter_name = "has_rejected"

    def lookups(
        self, request: HttpRequest, model_admin: "ModelAdmin[Any]"
    ) -> list[tuple[str, str]]:
        """Return what can be chosen."""
        return [("true", "Some"), ("false", "None")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[PipelineExecution]
    ) -> QuerySet[PipelineExecution]:
        """Return the executions that are chosen."""
        if self.value() == "true":
            return queryset.filter(rows_rejected__gt=0)
        return queryset.filter(rows_rejected=0) if self.value() == "false" else queryset
