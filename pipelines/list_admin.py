"""How pipelines are listed in the admin: with their last outcomes, narrowed down by tag."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from unfold.views import ChangeList

from executions import services as executions
from executions.services import Outcome
from pipelines import services
from pipelines.badges import status_badge, status_word
from pipelines.durations import duration
from pipelines.models import Pipeline

VIEW_EXECUTIONS = "executions.view_pipelineexecution"
# More tags than a list of them can be read by.
MOST_TAGS = 100


class PipelineList(ChangeList):
    """A page of pipelines, each with its last outcomes, for those who may see executions."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        """Read the page, and all the outcomes that it shows by one query."""
        super().get_results(request)
        shown: list[Any] = list(self.result_list)
        if request.user.has_perm(VIEW_EXECUTIONS):
            found = executions.last_outcomes([pipeline.pk for pipeline in shown])
            for pipeline in shown:
                pipeline.outcomes = found[pipeline.pk]
        self.result_list = shown


class WithTag(admin.SimpleListFilter):
    """The pipelines that have a tag."""

    title = gettext_lazy("tag")
    parameter_name = "tag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the tags that there are."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT tag FROM pipelines_pipeline, jsonb_array_elements_text(tags) tag "
                "ORDER BY tag LIMIT %s",
                [MOST_TAGS],
            )
            return [(tag, tag) for (tag,) in cursor.fetchall()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Pipeline]) -> QuerySet[Pipeline]:
        """Return the pipelines that have the chosen tag."""
        return queryset.filter(tags__contains=[self.value()]) if self.value() else queryset


class PipelineColumns:
    """What the list shows of a pipeline beside its fields, and how one is found there."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Pipeline], search_term: str
    ) -> tuple[QuerySet[Pipeline], bool]:
        """Return what is searched for: by words, or by an id."""
        return services.search(queryset, search_term), False

    @admin.display(description=gettext_lazy("Last execution"))
    def last_execution(self, pipeline: Pipeline) -> SafeString | str:
        """Return the last execution's status, leading to it."""
        outcomes: list[Outcome] = getattr(pipeline, "outcomes", [])
        if not outcomes:
            return "-"
        return format_html(
            '<a href="{}">{}</a>',
            _page(outcomes[-1].execution_id),
            status_badge(outcomes[-1].status),
        )

    @admin.display(description=gettext_lazy("Last outcomes"))
    def strip(self, pipeline: Pipeline) -> SafeString | str:
        """Return the last outcomes as a strip, each leading to its execution."""
        outcomes: list[Outcome] = getattr(pipeline, "outcomes", [])
        if not outcomes:
            return "-"
        marks = format_html_join(
            "",
            '<a class="{0}" href="{1}" title="{2}" aria-label="{2}"></a>',
            ((outcome.status, _page(outcome.execution_id), _said(outcome)) for outcome in outcomes),
        )
        return format_html('<span class="outcomes">{}</span>', marks)

    @admin.display(description=gettext_lazy("Tags"))
    def labels(self, pipeline: Pipeline) -> SafeString | str:
        """Return the tags, each leading to all pipelines that have it."""
        if not pipeline.tags:
            return "-"
        address = reverse("admin:pipelines_pipeline_changelist")
        return format_html_join(
            " ",
            '<a class="tag" href="{}">{}</a>',
            ((f"{address}?{urlencode({'tag': tag})}", tag) for tag in map(str, pipeline.tags)),
        )


def _page(execution_id: UUID) -> str:
    return reverse("admin:executions_pipelineexecution_change", args=[execution_id])


def _said(outcome: Outcome) -> str:
    """Return an outcome in words: `failed, Nov 28, 2026, 06:00, 12.0 s`."""
    at = formats.date_format(timezone.localtime(outcome.created_at), "SHORT_DATETIME_FORMAT")
    words = [status_word(outcome.status), at]
    if outcome.duration_seconds is not None:
        words.append(duration(outcome.duration_seconds))
    return ", ".join(words)
