"""How a list of executions can be narrowed down."""

from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import django_filters
from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.filters import SearchFilter
from rest_framework.request import Request
from rest_framework.views import APIView

from executions import services
from executions.models import Executions, PipelineExecution
from executions.statuses import ExecutionStatus, TriggerType
from pipelines.models import Pipeline


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

    def _with_rejected(self, queryset: Executions, name: str, value: bool) -> Executions:
        return queryset.with_rejected() if value else queryset.filter(rows_rejected=0)


class ExecutionSearch(SearchFilter):
    """`search=` as in the admin: words of the pipeline's name, or an id."""

    search_description = (
        "Part of the pipeline's name (all words, if several), or a DAG run's id, or the first "
        "eight or more digits of an execution's id."
    )

    def filter_queryset(  # type: ignore[override] # the list is of executions only
        self, request: Request, queryset: Executions, view: APIView
    ) -> Executions:
        """Return what is searched for; raise SearchTooWide."""
        return services.search(queryset, list(self.get_search_terms(request)))


class WithRejected(SimpleListFilter):
    """The executions of which rows were set aside, for the admin's list."""

    title = gettext_lazy("rejected rows")
    parameter_name = "has_rejected"

    def lookups(
        self, request: HttpRequest, model_admin: "ModelAdmin[Any]"
    ) -> list[tuple[str, str]]:
        """Return what can be chosen."""
        return [("true", _("Some")), ("false", _("None"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the executions that are chosen."""
        if self.value() == "true":
            return cast(Executions, queryset).with_rejected()
        return queryset.filter(rows_rejected=0) if self.value() == "false" else queryset


class EndedSince(SimpleListFilter):
    """The executions that have ended of late, for the admin's list."""

    title = gettext_lazy("end")
    parameter_name = "ended"

    def lookups(
        self, request: HttpRequest, model_admin: "ModelAdmin[Any]"
    ) -> list[tuple[str, str]]:
        """Return what can be chosen."""
        return [("1", _("In the last hour")), ("24", _("In the last 24 hours"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the executions that are chosen."""
        hours = {"1": 1, "24": 24}.get(self.value() or "")
        if hours is None:
            return queryset
        since = timezone.now() - timedelta(hours=hours)
        return cast(Executions, queryset).ended_since(since)


class OfPipeline(SimpleListFilter):
    """The executions of one pipeline, for the admin's list."""

    title = gettext_lazy("pipeline")
    parameter_name = "pipeline__id__exact"
    DELETED = "deleted"
    # More of them would bury the list: then the search finds a pipeline's executions, and the
    # pipeline's own page leads to them.
    MOST_LISTED = 20

    def lookups(
        self, request: HttpRequest, model_admin: "ModelAdmin[Any]"
    ) -> list[tuple[str, str]]:
        """Return all pipelines if they are few; else none but the chosen one."""
        pipelines = Pipeline.objects.order_by("name").values_list("pk", "name")
        found = list(pipelines[: self.MOST_LISTED + 1])
        if len(found) > self.MOST_LISTED:
            chosen = self.chosen
            found = list(pipelines.filter(pk=chosen)) if isinstance(chosen, UUID) else []
        listed = [(str(pk), name) for pk, name in found]
        return [*listed, (self.DELETED, _("Deleted pipelines"))]

    @property
    def chosen(self) -> UUID | str | None:
        """The id of a pipeline, or `DELETED`, or None; raise IncorrectLookupParameters."""
        value = self.value()
        if value in (None, self.DELETED):
            return value
        try:
            return UUID(value)
        except ValueError as error:
            raise IncorrectLookupParameters(error) from error

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the executions that are chosen."""
        if self.chosen is None:
            return queryset
        if self.chosen == self.DELETED:
            return queryset.filter(pipeline=None)
        return queryset.filter(pipeline_id=self.chosen)
