"""The admin's list of executions: pages by key, nothing counted, whatever the history holds."""

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.contrib.admin.views.main import PAGE_VAR
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.forms import ActionForm
from unfold.views import ChangeList

from executions import services
from executions.errors import InvalidCursor, SearchTooWide
from executions.filters import EndedSince, OfPipeline, WithRejected
from executions.models import Executions, PipelineExecution
from executions.services.listing import NEWEST_FIRST
from pipelines.live_list import LiveList

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[PipelineExecution]
else:
    # Generic for type checkers only.
    _ModelAdmin = ModelAdmin

# What a row of the list shows.
SHOWN = (
    *("pipeline_name", "status", "rows_rejected", "created_at", "duration_seconds"),
    *("trigger_type", "triggered_by__username"),
)


class ExecutionList(ChangeList):
    """A page of executions, the newest first; its number in the address is a cursor instead."""

    page: services.Page

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """Return the one order that pages have."""
        return list(NEWEST_FIRST)

    def get_results(self, request: HttpRequest) -> None:
        """Read the page, and nothing else."""
        queryset = cast(Executions, self.queryset)
        text = request.GET.get(PAGE_VAR)
        try:
            cursor = None if text is None else services.Cursor.parse(text)
        except InvalidCursor:
            cursor = None
            messages.warning(
                request, _("The address is none of a page of this list. These are the newest.")
            )
        self.page = services.page_of(queryset.only(*SHOWN), cursor, self.list_per_page)
        self.is_first_page = cursor is None
        self.result_list = self.page.executions
        # To the templates these are all: no count is shown, and no choice of what is not seen.
        self.result_count = self.full_result_count = len(self.page.executions)
        self.show_full_result_count = self.can_show_all = self.multi_page = False
        self.show_admin_actions = bool(self.page.executions)

    @property
    def newest_url(self) -> str:
        """The address of the first page."""
        return str(self.get_query_string())

    @property
    def newer_url(self) -> str | None:
        """The address of the page before, if there is one."""
        return self._address(self.page.newer)

    @property
    def older_url(self) -> str | None:
        """The address of the page after, if there is one."""
        return self._address(self.page.older)

    def _address(self, cursor: services.Cursor | None) -> str | None:
        return self.get_query_string({PAGE_VAR: str(cursor)}) if cursor else None


class ActionOnThePage(ActionForm):
    """What is done to the selected executions of the page that is seen, and to no others."""

    def clean_select_across(self) -> bool:
        """Refuse what lies on other pages: nobody has seen it, and it may be a million."""
        return False


class ExecutionsListed(LiveList, _ModelAdmin):
    """How executions are listed, filtered and searched for."""

    # What is shown of each stands in the template, change_list.html.
    list_filter = (*("status", WithRejected, "trigger_type", "created_at", EndedSince, OfPipeline),)
    list_select_related = ("triggered_by",)
    list_per_page = 50
    search_fields = ("pipeline_name",)
    search_help_text = gettext_lazy("Name of a pipeline, id of a DAG run or of an execution")
    # An order by anything else would have to read the whole history, and so would counts.
    sortable_by = ()
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    action_form = ActionOnThePage

    live_template = "admin/executions/pipelineexecution/rows.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that pages by key."""
        return ExecutionList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return what is searched for; none, and what to do, where that is too much."""
        try:
            return services.search(cast(Executions, queryset), search_term.split()), False
        except SearchTooWide as error:
            self.message_user(request, error.detail, messages.WARNING)
            return queryset.none(), False
