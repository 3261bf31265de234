"""Where a saved pipeline leads, and what is said of its deployment then."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from pipelines.admin_pages import pipeline_page
from pipelines.models import DeploymentStatus, Pipeline

if TYPE_CHECKING:
    from django.contrib import admin

    # Generic for type checkers only.
    _ModelAdmin = admin.ModelAdmin[Pipeline]
else:
    _ModelAdmin = object


class SavedPages(_ModelAdmin):
    """Says what saving has begun: that a form was stored is only half of it."""

    def response_add(
        self, request: HttpRequest, obj: Pipeline, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Say what saving has begun, and go on."""
        if IS_POPUP_VAR in request.POST:
            return super().response_add(request, obj, post_url_continue)
        return self._saved(request, obj, self.response_post_save_add)

    def response_change(self, request: HttpRequest, obj: Pipeline) -> HttpResponse:
        """Say what saving has begun, and go on."""
        if IS_POPUP_VAR in request.POST:
            return super().response_change(request, obj)
        return self._saved(request, obj, self.response_post_save_change)

    def _saved(
        self,
        request: HttpRequest,
        pipeline: Pipeline,
        close: Callable[[HttpRequest, Pipeline], HttpResponse],
    ) -> HttpResponse:
        self.message_user(request, _message(pipeline), messages.SUCCESS)
        may_stay = self.has_view_or_change_permission(request, pipeline)
        if "_continue" in request.POST and may_stay:
            return redirect(pipeline_page(pipeline.pk))
        return close(request, pipeline)


def _message(pipeline: Pipeline) -> str:
    """Return that a pipeline is saved, and whether Airflow serves it so already."""
    assert pipeline.current_revision is not None
    said = {"name": pipeline.name, "number": pipeline.current_revision.number}
    if pipeline.deployment_status == DeploymentStatus.REGISTERING:
        text = _(
            "Saved '%(name)s'. Revision %(number)s is being registered with Airflow; an execution "
            "started now waits for it."
        )
    else:
        text = _("Saved '%(name)s'. Airflow serves revision %(number)s already.")
    return text % said
