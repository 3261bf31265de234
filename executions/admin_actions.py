"""What is done in the admin's list to the executions that are selected there."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

from executions import services
from executions.admin_pages import signed_in
from executions.models import PipelineExecution
from executions.quarantine_admin import EXECUTE
from pipelines.errors import DomainError

if TYPE_CHECKING:
    # Generic for type checkers only.
    _ModelAdmin = admin.ModelAdmin[PipelineExecution]
else:
    _ModelAdmin = ModelAdmin

CANCEL = "executions.cancel_pipelineexecution"
# So many at once are still meant one by one; more would fill the slots of Airflow unawares.
MOST_STARTED = 20
# The field by which the page that asks says that it was answered.
CONFIRMED = "confirmed"

Selected = QuerySet[PipelineExecution]


class SelectedActions(_ModelAdmin):
    """The actions of the list; one that is refused is told, and the others go on."""

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may cancel executions."""
        return request.user.has_perm(CANCEL)

    def has_execute_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may start executions, and run them again."""
        return request.user.has_perm(EXECUTE)

    @admin.action(description=gettext_lazy("Refresh selected executions"), permissions=["view"])
    def refresh_selected(self, request: HttpRequest, queryset: Selected) -> None:
        """Ask Airflow about each now, until it does not answer."""
        monitored = services.refresh_executions(list(queryset))
        if monitored.seen:
            self.message_user(request, _("Refreshed: %d.") % monitored.seen, messages.SUCCESS)
        if monitored.problem:
            self.message_user(request, monitored.problem, messages.ERROR)

    @admin.action(description=gettext_lazy("Retry selected executions"), permissions=["execute"])
    def retry_selected(self, request: HttpRequest, queryset: Selected) -> None:
        """Begin a new attempt of each, with the nodes that did not succeed."""

        def retry(execution: PipelineExecution) -> tuple[str, ...]:
            return services.retry_execution(execution, signed_in(request)).warnings

        if self._too_many(request, queryset):
            return
        if done := self._each(request, queryset, retry):
            self.message_user(request, _("Retried: %d.") % done, messages.SUCCESS)

    @admin.action(
        description=gettext_lazy("Run selected executions again"), permissions=["execute"]
    )
    def run_selected_again(self, request: HttpRequest, queryset: Selected) -> HttpResponse | None:
        """Show what would be run again; once that is confirmed, start a new execution for each."""
        selected = queryset.select_related("pipeline__current_revision", "revision")
        if self._too_many(request, selected):
            return None
        if CONFIRMED not in request.POST:
            return self._ask_before_running(request, list(selected))

        def run(execution: PipelineExecution) -> tuple[str, ...]:
            services.run_again(execution, signed_in(request))
            return ()

        if done := self._each(request, selected, run):
            self.message_user(request, _("Run again: %d.") % done, messages.SUCCESS)
        return None

    @admin.action(description=gettext_lazy("Cancel selected executions"), permissions=["cancel"])
    def cancel_selected(self, request: HttpRequest, queryset: Selected) -> None:
        """Ask for the cancel of each."""

        def cancel(execution: PipelineExecution) -> tuple[str, ...]:
            services.request_cancel(execution, signed_in(request))
            return ()

        if done := self._each(request, queryset, cancel):
            self.message_user(request, _("Cancel asked for: %d.") % done, messages.SUCCESS)

    def _too_many(self, request: HttpRequest, queryset: Selected) -> bool:
        """Return whether they are too many to be started at once; tell so then."""
        count = queryset.count()
        if count > MOST_STARTED:
            self.message_user(
                request,
                _(
                    "At most %(most)d executions are started at once, and %(count)d are selected. "
                    "Nothing was started. Select fewer."
                )
                % {"most": MOST_STARTED, "count": count},
                messages.ERROR,
            )
        return count > MOST_STARTED

    def _ask_before_running(
        self, request: HttpRequest, selected: list[PipelineExecution]
    ) -> HttpResponse:
        refusals = [(execution, services.run_again_refusal(execution)) for execution in selected]
        return TemplateResponse(
            request,
            "admin/executions/pipelineexecution/run_again.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": _("Run executions again"),
                "allowed": [execution for execution, refusal in refusals if not refusal],
                "refused": [(execution, refusal) for execution, refusal in refusals if refusal],
                "checkbox": ACTION_CHECKBOX_NAME,
                "confirmed": CONFIRMED,
                "back": request.get_full_path(),
            },
        )

    def _each(self, request: HttpRequest, queryset: Selected, work: "_Work") -> int:
        """Return for how many the work was done; tell what was refused, and what to think of."""
        done = 0
        for execution in queryset:
            try:
                warnings = work(execution)
            except DomainError as error:
                self._tell(request, execution, error.detail, messages.ERROR)
            else:
                done += 1
                for warning in warnings:
                    self._tell(request, execution, warning, messages.WARNING)
        return done

    def _tell(
        self, request: HttpRequest, execution: PipelineExecution, text: Any, level: int
    ) -> None:
        self.message_user(request, f"{execution}: {text}", level)


_Work = Callable[[PipelineExecution], tuple[str, ...]]
"""What is done to one execution; it returns what to think of."""
