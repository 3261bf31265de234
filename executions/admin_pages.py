"""What the pages of an execution in the admin share: finding it, showing it, going back to it."""

from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from executions.models import PipelineExecution, TaskExecution

if TYPE_CHECKING:
    from django.contrib import admin

    # Generic for type checkers only.
    _ModelAdmin = admin.ModelAdmin[PipelineExecution]
else:
    _ModelAdmin = ModelAdmin

_TEMPLATES = "admin/executions/pipelineexecution"


class ExecutionPages(_ModelAdmin):
    """Pages below that of an execution, for those who may view it."""

    def _execution(self, request: HttpRequest, pk: UUID) -> PipelineExecution:
        execution = (
            PipelineExecution.objects.select_related(
                "pipeline", "revision", "triggered_by", "cancel_requested_by", "replay_of"
            )
            .filter(pk=pk)
            .first()
        )
        if not self.has_view_permission(request, execution):
            raise PermissionDenied
        if execution is None:
            raise Http404(_("There is no execution %(pk)s.") % {"pk": pk})
        return execution

    def _task(self, execution: PipelineExecution, node_id: str) -> TaskExecution:
        # PostgreSQL takes no NUL, which an address can hold.
        task = execution.tasks.filter(node_id=node_id).first() if "\0" not in node_id else None
        if task is None:
            raise Http404(_("The execution has no node '%(node_id)s'.") % {"node_id": node_id})
        return task

    def _page(
        self, request: HttpRequest, name: str, execution: PipelineExecution, **context: Any
    ) -> HttpResponse:
        part = context.get("part")
        return TemplateResponse(
            request,
            f"{_TEMPLATES}/{name}.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": part or _("Execution of %s") % execution.pipeline_name,
                "execution": execution,
                # What the path at the head of the page leads back to.
                "original": execution,
                **context,
            },
        )

    def _back(self, execution: PipelineExecution) -> HttpResponse:
        return HttpResponseRedirect(
            reverse("admin:executions_pipelineexecution_change", args=[execution.pk])
        )


def signed_in(request: HttpRequest) -> AbstractBaseUser:
    """Return the signed-in user: the admin lets no one else in."""
    return cast(AbstractBaseUser, request.user)
