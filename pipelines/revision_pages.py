"""The pages of a pipeline's revisions in the admin: their list, two compared, one restored."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from pipelines import services
from pipelines.admin_pages import PipelinePages, pipeline_page
from pipelines.difference_admin import rows, summary, tables
from pipelines.errors import DomainError, PipelineChanged
from pipelines.models import Pipeline, PipelineRevision
from pipelines.services import Difference

PER_PAGE = 50


class CompareForm(forms.Form):
    """Which two revisions."""

    old = forms.IntegerField(
        label=gettext_lazy("From revision"), min_value=1, widget=UnfoldAdminIntegerFieldWidget
    )
    new = forms.IntegerField(
        label=gettext_lazy("To revision"), min_value=1, widget=UnfoldAdminIntegerFieldWidget
    )


class RevisionPages(PipelinePages):
    """Pages of a pipeline's revisions."""

    def get_urls(self) -> list[URLPattern]:
        """Add the pages for listing, comparing and restoring."""
        pages = (
            ("revisions", "revisions/", self.revisions_view),
            ("compare", "compare/", self.compare_view),
            ("restore", "restore/<int:number>/", self.restore_view),
        )
        own = [
            path(
                f"<uuid:object_id>/{route}",
                self.admin_site.admin_view(view),
                name=f"pipelines_pipeline_{name}",
            )
            for name, route, view in pages
        ]
        return own + super().get_urls()

    def revisions_view(self, request: HttpRequest, object_id: Any) -> HttpResponseBase:
        """List the revisions with what each changed; let two be picked."""
        pipeline = self._viewable(request, object_id)
        revisions = pipeline.revisions.select_related("created_by").order_by("-number")
        page = Paginator(revisions, PER_PAGE).get_page(request.GET.get("page"))
        return self._page(
            request,
            pipeline,
            "revisions",
            _("Revisions"),
            page=page,
            revisions=_with_summaries(pipeline, list(page)),
            may_open=request.user.has_perm("pipelines.view_pipelinerevision"),
            may_restore=self.has_change_permission(request, pipeline),
        )

    def compare_view(self, request: HttpRequest, object_id: Any) -> HttpResponseBase:
        """Show what leads from one revision to another."""
        pipeline = self._viewable(request, object_id)
        form = CompareForm(request.GET)
        comparison = None
        if form.is_valid():
            try:
                comparison = services.compare_revisions(
                    pipeline, form.cleaned_data["old"], form.cleaned_data["new"]
                )
            except DomainError as error:
                form.add_error(None, error.detail)
        context = (
            {
                "comparison": comparison,
                "names": _names(comparison.old, comparison.new),
                "difference": tables(comparison.difference),
            }
            if comparison is not None
            else {}
        )
        return self._page(
            request, pipeline, "compare", _("Compare revisions"), form=form, **context
        )

    def restore_view(self, request: HttpRequest, object_id: Any, number: int) -> HttpResponseBase:
        """Show what restoring a revision would change; do it."""
        pipeline = self._viewable(request, object_id)
        if not self.has_change_permission(request, pipeline):
            raise PermissionDenied
        if request.method == "POST":
            back = reverse("admin:pipelines_pipeline_restore", args=[object_id, number])
            return self._refusable(request, lambda: self._restore(request, pipeline, number), back)
        return self._refusable(
            request,
            lambda: self._page(
                request,
                pipeline,
                "restore",
                _("Restore revision %(number)d") % {"number": number},
                **_announced(pipeline, number),
            ),
            reverse("admin:pipelines_pipeline_revisions", args=[object_id]),
        )

    def _restore(self, request: HttpRequest, pipeline: Pipeline, number: int) -> HttpResponse:
        if request.POST.get("seen") != pipeline.updated_at.isoformat():
            # What was agreed to is not what would be done.
            raise PipelineChanged(pipeline.name)
        done = services.restore_revision(
            pipeline, number, when="when" in request.POST, user=request.user
        )
        deploying = f" {_('Airflow is about to serve it.')}" if done.made else ""
        level = messages.SUCCESS if done.made else messages.INFO
        self.message_user(request, f"{done.detail}{deploying}", level)
        return redirect(pipeline_page(pipeline.pk))

    def _viewable(self, request: HttpRequest, object_id: Any) -> Pipeline:
        pipeline = get_object_or_404(
            Pipeline.objects.select_related("current_revision"), pk=object_id
        )
        if not self.has_view_permission(request, pipeline):
            raise PermissionDenied
        return pipeline


def _with_summaries(
    pipeline: Pipeline, revisions: list[PipelineRevision]
) -> list[tuple[PipelineRevision, str]]:
    """Return each revision with what it changed, from the one before it."""
    if not revisions:
        return []
    before = pipeline.revisions.filter(number__lt=revisions[-1].number).order_by("-number").first()
    older = [*revisions[1:], before]
    return [
        (
            revision,
            summary(services.compare(previous.snapshot, revision.snapshot))
            if previous is not None
            else _("the first one"),
        )
        for revision, previous in zip(revisions, older, strict=True)
    ]


def _names(old: PipelineRevision, new: PipelineRevision) -> tuple[str, str]:
    return _revision(old), _revision(new)


def _revision(revision: PipelineRevision) -> str:
    return _("Revision %(number)d") % {"number": revision.number}


def _announced(pipeline: Pipeline, number: int) -> dict[str, Any]:
    """Return what the page asks to be agreed to."""
    revision = services.revision_of(pipeline, number)
    plain = services.restoring(pipeline, number, when=False)
    full = services.restoring(pipeline, number, when=True)
    when = Difference(tuple(change for change in full.settings if change.field in services.WHEN))
    return {
        "revision": revision,
        "names": (_("As it is now"), _("After restoring")),
        "names_then": (_("As it is now"), _("In revision %(number)d") % {"number": number}),
        "difference": tables(plain),
        "differs": bool(plain),
        "when": rows(when.settings),
        "by_itself": bool(revision.snapshot["schedule"] and revision.snapshot["is_active"]),
        "seen": pipeline.updated_at.isoformat(),
    }
