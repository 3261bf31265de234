"""Pipelines in the admin: the list, the form, and what is done with those selected."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from executions import services as executions
from pipelines import services
from pipelines.admin_pages import pipeline_page
from pipelines.badges import status_badge
from pipelines.durations import duration
from pipelines.editor_page import editor_context, shows_draft
from pipelines.errors import DomainError, PipelineChanged
from pipelines.forms import PipelineForm
from pipelines.list_admin import PipelineColumns, PipelineList, WithTag
from pipelines.live_list import LiveList
from pipelines.messages import translated
from pipelines.models import DeploymentStatus, Pipeline
from pipelines.revision_admin import RevisionInline
from pipelines.revision_pages import RevisionPages
from pipelines.saved_pages import SavedPages


@admin.register(Pipeline)
class PipelineAdmin(PipelineColumns, LiveList, SavedPages, RevisionPages):
    """Pipelines: edit, deploy, execute."""

    form = PipelineForm
    list_display = (
        *("name", "is_active", "cron", "deployment", "last_execution", "strip", "labels"),
    )
    list_filter = ("deployment_status", "is_active", WithTag)
    list_select_related = ("current_revision", "draft__saved_by")
    list_per_page = 50
    search_fields = ("name", "description")
    empty_hint = gettext_lazy(
        "A pipeline reads data, changes it and loads it. Draw one, or start from a template."
    )
    ordering = ("name",)
    actions = ("execute_selected", "activate_selected", "deactivate_selected")
    inlines = (RevisionInline,)
    readonly_fields = ("deployment", "why", "revision", "dag", "owner", "created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("name", "description", "config", "default_params", "param_specs")}),
        (
            gettext_lazy("When"),
            {"fields": ("is_active", "schedule", "timezone", "timeout", "tags")},
        ),
        (
            gettext_lazy("Airflow"),
            {
                "fields": ("deployment", "why", "revision", "dag"),
                "classes": ("collapse",),
                "description": gettext_lazy(
                    "Saving has Airflow serve the pipeline; that takes a second or two. "
                    "An execution started before waits for it."
                ),
            },
        ),
        (
            gettext_lazy("About"),
            {"fields": ("owner", "created_at", "updated_at"), "classes": ("collapse",)},
        ),
    )

    # What is shown

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[PipelineList]:
        """Return the list that knows the last outcomes."""
        return PipelineList

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Pipeline | None:
        """Return the pipeline; as its draft has it, where that is asked for or all there is."""
        found = super().get_object(request, object_id, from_field)
        if found is not None and shows_draft(request, found):
            return services.drawn(found)
        return found

    def get_fieldsets(self, request: HttpRequest, obj: Pipeline | None = None) -> Any:
        """Leave out what a new pipeline does not have yet; say which state a form shows."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            return fieldsets[:2]
        (title, options), *others = fieldsets
        if not self.has_change_permission(request, obj):
            # The canvas shows what is drawn; as text it is nothing to read.
            shown = ("name", "description")
            when = {"fields": ("is_active", "schedule", "timezone", "timeout", "labels")}
            return [(title, {**options, "fields": shown}), (others[0][0], when), *others[1:]]
        return [(title, {**options, "fields": (*options["fields"], "seen")}), *others]

    def get_inlines(self, request: HttpRequest, obj: Pipeline | None) -> Any:
        """Show revisions of a pipeline that is stored."""
        return self.inlines if obj is not None else ()

    @admin.display(description=gettext_lazy("Schedule"), ordering="schedule")
    def cron(self, pipeline: Pipeline) -> str:
        """Return when it runs."""
        return f"{pipeline.schedule} ({pipeline.timezone})" if pipeline.schedule else "-"

    @admin.display(description=gettext_lazy("Deployment"), ordering="deployment_status")
    def deployment(self, pipeline: Pipeline) -> SafeString:
        """Return the deployment status as a badge, and how long that took, or takes already."""
        status = DeploymentStatus(pipeline.deployment_status)
        parts = [status_badge(status.value)]
        seconds = pipeline.deployment_seconds
        if seconds is not None:
            since = _("for %s") if status == DeploymentStatus.REGISTERING else _("after %s")
            parts.append(_quiet(since % duration(seconds)))
        if hint := _draft_hint(pipeline):
            parts.append(format_html("<div>{}</div>", _quiet(hint)))
        return format_html_join(" ", "{}", ((part,) for part in parts))

    @admin.display(description=gettext_lazy("Reason"))
    def why(self, pipeline: Pipeline) -> SafeString | str:
        """Return why it failed or what it waits for."""
        if not pipeline.deployment_error:
            return "-"
        return format_html(
            '<pre class="code wrapped">{}</pre>', translated(pipeline.deployment_error)
        )

    @admin.display(description=gettext_lazy("Revision"))
    def revision(self, pipeline: Pipeline) -> str:
        """Return the current revision's number."""
        return str(pipeline.current_revision.number) if pipeline.current_revision else "-"

    @admin.display(description=gettext_lazy("DAG"))
    def dag(self, pipeline: Pipeline) -> SafeString | str:
        """Return the id under which Airflow knows it, leading to the code that it serves."""
        if pipeline.current_revision is None:
            return pipeline.dag_id
        address = reverse("admin:pipelines_pipeline_code", args=[pipeline.pk])
        return format_html('<a href="{}">{}</a>', address, pipeline.dag_id)

    # What can be done

    def save_model(
        self, request: HttpRequest, obj: Pipeline, form: "ModelForm[Pipeline]", change: bool
    ) -> None:
        """Save through the service; the draft that was shown is deployed with it, and no draft."""
        services.save_pipeline(obj, user=request.user)
        draft = getattr(form, "draft", None)
        if draft is not None:
            services.forget_draft(obj, seen=draft.saved_at)

    def delete_model(self, request: HttpRequest, obj: Pipeline) -> None:
        """Delete with the DAG, unless executions are active."""
        executions.delete_pipeline(obj, request.user)  # type: ignore[arg-type]

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Pipeline]) -> None:
        """Delete each with its DAG; none of them if one cannot be."""
        for pipeline in queryset:
            self.delete_model(request, pipeline)

    @admin.action(description=gettext_lazy("Execute selected pipelines"), permissions=["execute"])
    def execute_selected(self, request: HttpRequest, queryset: QuerySet[Pipeline]) -> None:
        """Execute each with its default parameters."""
        started = 0
        for pipeline in queryset:
            try:
                executions.start_execution(
                    pipeline,
                    params={},
                    trigger_type="manual",
                    user=request.user,  # type: ignore[arg-type]
                )
                started += 1
            except DomainError as error:
                self.message_user(request, error.detail, messages.ERROR)
        if started:
            text = ngettext("Started %d execution.", "Started %d executions.", started)
            self.message_user(request, text % started, messages.SUCCESS)

    @admin.action(description=gettext_lazy("Activate selected pipelines"), permissions=["change"])
    def activate_selected(self, request: HttpRequest, queryset: QuerySet[Pipeline]) -> None:
        """Let each be executed and follow its schedule."""
        self._switch(request, queryset, on=True)

    @admin.action(description=gettext_lazy("Deactivate selected pipelines"), permissions=["change"])
    def deactivate_selected(self, request: HttpRequest, queryset: QuerySet[Pipeline]) -> None:
        """Let none of them be executed, and no schedule start one."""
        self._switch(request, queryset, on=False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[Pipeline], *, on: bool) -> None:
        switched = refused = 0
        for pipeline in queryset.exclude(is_active=on):
            pipeline.is_active = on
            try:
                with transaction.atomic():
                    services.save_pipeline(pipeline, user=request.user)
                switched += 1
            except DomainError as error:
                refused += 1
                self.message_user(request, f"{pipeline.name}: {error.detail}", messages.ERROR)
        if refused and not switched:
            return
        text = (
            ngettext("Activated %d pipeline.", "Activated %d pipelines.", switched)
            if on
            else ngettext("Deactivated %d pipeline.", "Deactivated %d pipelines.", switched)
        )
        self.message_user(request, text % switched, messages.SUCCESS)

    # What a service refuses

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show what a service refuses as a message; then nothing of a bulk action is done."""
        view = super().changelist_view
        return self._refusable(request, lambda: view(request, extra_context), request.path)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Tell the page's buttons what the user may do, and give the canvas what it draws."""
        context = {
            "may_execute": self.has_execute_permission(request),
            **self._editor_context(request, object_id),
            **(extra_context or {}),
        }
        view = super().changeform_view

        def show() -> HttpResponse:
            try:
                with transaction.atomic():
                    return view(request, object_id, form_url, context)
            except PipelineChanged:
                # Someone saved after the form had looked: it looks again, and tells it.
                return view(request, object_id, form_url, context)

        return self._refusable(request, show, request.path)

    def _editor_context(self, request: HttpRequest, object_id: str | None) -> dict[str, Any]:
        """Return what the canvas begins with; the view itself refuses who may not see the page."""
        pipeline = self.get_object(request, object_id) if object_id is not None else None
        may_change = (
            self.has_add_permission(request)
            if object_id is None
            else self.has_change_permission(request, pipeline)
        )
        return editor_context(request, pipeline, may_change=may_change)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show why a pipeline cannot be deleted."""
        view = super().delete_view
        return self._refusable(
            request, lambda: view(request, object_id, extra_context), pipeline_page(object_id)
        )


def _quiet(text: str) -> SafeString:
    return format_html('<span class="quiet nowrap">{}</span>', text)


def _draft_hint(pipeline: Pipeline) -> str:
    """Return that something is drawn and not deployed: by whom, and when; nothing if it is not."""
    draft = getattr(pipeline, "draft", None)
    if draft is None:
        return ""
    who = draft.saved_by.get_username() if draft.saved_by is not None else _("someone")
    when = date_format(localtime(draft.saved_at), "SHORT_DATETIME_FORMAT")
    return _("Draft by %(who)s, %(when)s") % {"who": who, "when": when}
