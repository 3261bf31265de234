"""The pages below that of a pipeline in the admin: execute, DAG, deployment, watermarks."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from executions import services as executions
from pipelines import services
from pipelines.errors import DomainError
from pipelines.execute_form import ExecuteForm
from pipelines.models import Pipeline, PipelineRevision
from pipelines.revision_admin import SHOWN_REVISIONS
from pipelines.watermark_admin import watermark_context

# Generic for the type checker only.
if TYPE_CHECKING:
    from django.contrib import admin

    _ModelAdmin = admin.ModelAdmin[Pipeline]
else:
    _ModelAdmin = ModelAdmin


class PipelinePages(_ModelAdmin):
    """Pages of a pipeline, and what is shown where a service refuses."""

    def has_execute_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may execute pipelines."""
        return bool(request.user.has_perm("pipelines.execute_pipeline"))

    def get_urls(self) -> list[URLPattern]:
        """Add the pages for executing, reading the DAG and deploying again."""
        pages = (
            ("execute", self.execute_view),
            ("code", self.code_view),
            ("deploy", self.deploy_view),
            ("deployment", self.deployment_view),
            ("watermarks", self.watermarks_view),
        )
        own = [
            path(
                f"<uuid:object_id>/{name}/",
                self.admin_site.admin_view(view),
                name=f"pipelines_pipeline_{name}",
            )
            for name, view in pages
        ]
        return own + super().get_urls()

    def execute_view(self, request: HttpRequest, object_id: Any) -> HttpResponseBase:
        """Ask for the parameters, then start an execution and show it.

        `?revision=` has another revision than the current one run, and `?again=` fills in the
        parameters that an execution was given.
        """
        pipeline = get_object_or_404(
            Pipeline.objects.select_related("current_revision"), pk=object_id
        )
        if not self.has_execute_permission(request):
            raise PermissionDenied
        revision = self._chosen_revision(request, pipeline)
        again = request.GET.get("again", "")
        may_see = request.user.has_perm("executions.view_pipelineexecution")
        given = executions.params_of_execution(again, revision) if may_see else {}
        data = request.POST if request.method == "POST" else None
        form = ExecuteForm(data, revision=revision, given=given)
        if form.is_valid():
            try:
                execution = executions.start_execution(
                    pipeline,
                    params=form.params(),
                    trigger_type="manual",
                    user=request.user,  # type: ignore[arg-type]
                    revision=revision.number if revision is not None else None,
                )
            except DomainError as error:
                show_refusal(form, error)
            else:
                # Its page says how it stands; a word here would stay over what becomes of it.
                return redirect(execution_page(execution.pk))
        return self._page(
            request,
            pipeline,
            "execute",
            _("Execute"),
            form=form,
            chosen=revision,
            draft=services.draft_of(pipeline),
            again=request.GET.get("again", ""),
            revisions=pipeline.revisions.order_by("-number")[:SHOWN_REVISIONS],
        )

    def _chosen_revision(self, request: HttpRequest, pipeline: Pipeline) -> PipelineRevision | None:
        asked = request.GET.get("revision", "")
        if not asked:
            return pipeline.current_revision
        # Longer numbers are none that PostgreSQL's integer holds.
        number = int(asked) if asked.isdecimal() and len(asked) < 10 else 0
        return get_object_or_404(PipelineRevision, pipeline=pipeline, number=number)

    def code_view(self, request: HttpRequest, object_id: Any) -> HttpResponseBase:
        """Show the generated DAG."""
        pipeline = get_object_or_404(
            Pipeline.objects.select_related("current_revision"), pk=object_id
        )
        if not self.has_view_permission(request, pipeline):
            raise PermissionDenied
        return self._refusable(
            request,
            lambda: self._page(
                request, pipeline, "code", _("DAG"), code=services.generated_code(pipeline)
            ),
            pipeline_page(object_id),
        )

    def watermarks_view(self, request: HttpRequest, object_id: Any) -> HttpResponseBase:
        """Show how far the pipeline's sources have been read; set that."""
        pipeline = get_object_or_404(Pipeline, pk=object_id)
        if not self.has_view_permission(request, pipeline):
            raise PermissionDenied
        context = watermark_context(request, pipeline)
        if isinstance(context, HttpResponse):
            return context
        return self._page(request, pipeline, "watermarks", _("Watermarks"), **context)

    def deploy_view(self, request: HttpRequest, object_id: Any) -> HttpResponseBase:
        """Have Airflow serve the current revision once more."""
        pipeline = get_object_or_404(Pipeline, pk=object_id)
        if not self.has_change_permission(request, pipeline):
            raise PermissionDenied

        def deploy() -> HttpResponse:
            if request.method == "POST":
                services.request_deployment(pipeline)
                self.message_user(request, _("Deploying again."), messages.SUCCESS)
            return redirect(pipeline_page(object_id))

        return self._refusable(request, deploy, pipeline_page(object_id))

    def deployment_view(self, request: HttpRequest, object_id: Any) -> HttpResponseBase:
        """Show how far Airflow is with the current revision: what the badge is renewed with."""
        pipeline = get_object_or_404(Pipeline, pk=object_id)
        if not self.has_view_permission(request, pipeline):
            raise PermissionDenied
        context = {
            "original": pipeline,
            "has_change_permission": self.has_change_permission(request, pipeline),
        }
        return TemplateResponse(request, "admin/pipelines/pipeline/deployment.html", context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show who changed the pipeline when, among its other pages."""
        context = {
            "page_name": "history",
            "may_execute": self.has_execute_permission(request),
            "has_change_permission": self.has_change_permission(request),
        }
        return super().history_view(request, object_id, {**context, **(extra_context or {})})

    def _page(
        self, request: HttpRequest, pipeline: Pipeline, name: str, title: str, **context: Any
    ) -> TemplateResponse:
        context |= {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": pipeline,
            "title": _("%(title)s: %(name)s") % {"title": title, "name": pipeline.name},
            "action_title": title,
            "page_name": name,
            "may_execute": self.has_execute_permission(request),
            "has_change_permission": self.has_change_permission(request, pipeline),
            "media": self.media,
        }
        return TemplateResponse(request, f"admin/pipelines/pipeline/{name}.html", context)

    def _refusable(
        self, request: HttpRequest, view: Callable[[], HttpResponse], back: str
    ) -> HttpResponse:
        try:
            with transaction.atomic():
                return view()
        except DomainError as error:
            self.message_user(request, error.detail, messages.ERROR)
            return redirect(back)


def show_refusal(form: ExecuteForm, error: DomainError) -> None:
    """Put a refusal beside the parameters that it names."""
    for problem in error.errors:
        name = (problem.field or "").removeprefix("params.")
        form.add_error(name if name in form.fields else None, problem.message)
    if not error.errors:
        form.add_error(None, error.detail)


def pipeline_page(pipeline_id: Any) -> str:
    """Return the address of a pipeline's page."""
    return reverse("admin:pipelines_pipeline_change", args=[pipeline_id])


def execution_page(execution_id: Any) -> str:
    """Return the address of an execution's page."""
    return reverse("admin:executions_pipelineexecution_change", args=[execution_id])
