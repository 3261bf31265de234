"""Executions in the admin: the list, the page of one, the log and the output of a node."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from executions import services
from executions.admin_actions import SelectedActions
from executions.admin_list import ExecutionsListed
from executions.admin_pages import signed_in
from executions.console_page import page_data
from executions.models import PipelineExecution
from executions.quarantine_admin import EXECUTE, QuarantinePages
from executions.retry_admin import RetryPages
from executions.services.logs import PAGE as LOG_PAGE
from pipelines.errors import DomainError


@admin.register(PipelineExecution)
class PipelineExecutionAdmin(ExecutionsListed, SelectedActions, RetryPages, QuarantinePages):
    """Executions are made by executing a pipeline; here they are read, run again and cancelled."""

    actions = ("refresh_selected", "retry_selected", "run_selected_again", "cancel_selected")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: an execution is made by executing a pipeline."""
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: PipelineExecution | None = None
    ) -> bool:
        """Refuse: what ran is not edited."""
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: PipelineExecution | None = None
    ) -> bool:
        """Refuse: history is kept."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """Add the buttons and the pages of a node."""
        own: list[tuple[str, Callable[..., HttpResponseBase], str]] = [
            ("monitor/", self.monitor_view, "monitor"),
            ("cancel/", self.cancel_view, "cancel"),
            ("retry/", self.retry_view, "retry"),
            ("nodes/<str:node_id>/log/", self.log_view, "log"),
            ("lineage/", self.lineage_view, "lineage"),
            ("nodes/<str:node_id>/sample/", self.sample_view, "sample"),
            ("nodes/<str:node_id>/quarantine/", self.quarantine_view, "quarantine"),
            ("nodes/<str:node_id>/quarantine/replay/", self.replay_view, "replay"),
            ("nodes/<str:node_id>/quarantine/<str:kind>/", self.download_view, "download"),
        ]
        return [
            path(
                f"<uuid:pk>/{route}",
                self.admin_site.admin_view(view),
                name=f"executions_pipelineexecution_{name}",
            )
            for route, view, name in own
        ] + super().get_urls()

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show an execution with its nodes."""
        try:
            execution = self._execution(request, UUID(object_id))
        except ValueError as error:
            raise Http404 from error
        pipeline_url = None
        if execution.pipeline_id and request.user.has_perm("pipelines.view_pipeline"):
            pipeline_url = reverse("admin:pipelines_pipeline_change", args=[execution.pipeline_id])
        tasks = list(execution.tasks.all())
        return self._page(
            request,
            "execution",
            execution,
            tasks=tasks,
            # In the template, `.items` would be the param of that name.
            params=list(execution.params.items()),
            may_cancel=self.has_cancel_permission(request),
            may_retry=execution.is_final and request.user.has_perm(EXECUTE),
            may_run_again=not execution.is_active and request.user.has_perm(EXECUTE),
            attempts=services.attempts_of(execution) if execution.attempt > 1 else (),
            pipeline_url=pipeline_url,
            console=page_data(request, execution, pipeline_url),
            replays=list(execution.replays.order_by("created_at")),
            **(extra_context or {}),
        )

    @method_decorator(require_POST)
    def monitor_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Ask Airflow about the execution now, and show it."""
        execution = self._execution(request, pk)
        try:
            services.refresh_execution(execution)
        except DomainError as error:
            self.message_user(request, error.detail, messages.ERROR)
        return self._back(execution)

    @method_decorator(require_POST)
    def cancel_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Ask for the cancel of the execution, and show it."""
        execution = self._execution(request, pk)
        if not self.has_cancel_permission(request):
            raise PermissionDenied
        try:
            services.request_cancel(execution, signed_in(request))
        except DomainError as error:
            self.message_user(request, error.detail, messages.ERROR)
        return self._back(execution)

    def log_view(self, request: HttpRequest, pk: UUID, node_id: str) -> HttpResponse:
        """Show a page of the log of one try of a node: the end of the latest by default."""
        execution = self._execution(request, pk)
        task = self._task(execution, node_id)
        asked, place = request.GET.get("try", ""), request.GET.get("offset", "")
        log, problem = None, ""
        try:
            number = int(asked) if asked.isdecimal() else None
            offset = int(place) if place.isdecimal() and len(place) < 10 else -LOG_PAGE
            (log,) = services.execution_logs(execution, node_id, number, offset=offset)
        except DomainError as error:
            problem = error.detail
        return self._page(
            request,
            "log",
            execution,
            part=_("Log of %s") % node_id,
            task=task,
            log=log,
            problem=problem,
            tries=range(1, task.tries + 1),
        )

    def lineage_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Show from which columns of the extractors every column came."""
        execution = self._execution(request, pk)
        outputs = services.execution_lineage(execution)
        return self._page(request, "lineage", execution, part=_("Columns"), outputs=outputs)

    def sample_view(self, request: HttpRequest, pk: UUID, node_id: str) -> HttpResponse:
        """Show the first rows that a node put out."""
        execution = self._execution(request, pk)
        task = self._task(execution, node_id)
        return self._page(request, "sample", execution, part=_("Output of %s") % node_id, task=task)
