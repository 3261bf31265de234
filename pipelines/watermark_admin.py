"""Watermarks in the admin: their page, and the form that sets one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from etl.watermarks.store import Position
from pipelines import services
from pipelines.errors import DomainError
from pipelines.models import Pipeline
from pipelines.watermark_api import SET


class WatermarkForm(forms.Form):
    """Where the next execution goes on, and why."""

    value = forms.CharField(
        required=False,
        strip=True,
        max_length=500,
        label=gettext_lazy("Go on from"),
        help_text=gettext_lazy("A value of the column. Rows with it are read again."),
        widget=UnfoldAdminTextInputWidget,
    )
    beginning = forms.BooleanField(
        required=False,
        label=gettext_lazy("From the very beginning"),
        widget=UnfoldBooleanWidget,
    )
    reason = forms.CharField(
        max_length=1000,
        label=gettext_lazy("Reason"),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )

    def clean(self) -> dict[str, Any]:
        """Have one of the two, and not both."""
        cleaned = super().clean() or {}
        if bool(cleaned.get("value")) == bool(cleaned.get("beginning")):
            raise forms.ValidationError(
                _("Give a value, or choose the very beginning: one of them.")
            )
        return cleaned


@dataclass(frozen=True)
class _Row:
    """A position as the page shows it."""

    position: Position

    @property
    def since(self) -> datetime:
        return datetime.fromisoformat(self.position.at)

    @property
    def execution_url(self) -> str | None:
        """Return the page of the execution that reached it; None for a run that has another id."""
        try:
            execution = UUID(self.position.execution or "")
        except ValueError:
            return None
        return reverse("admin:executions_pipelineexecution_change", args=[execution])


def watermark_context(request: HttpRequest, pipeline: Pipeline) -> dict[str, Any] | HttpResponse:
    """Return what the page of a pipeline's watermarks shows, or where to go after a change."""
    may_set = request.user.has_perm(SET)
    node = request.POST.get("node", "") if request.method == "POST" else ""
    sent = None
    if node:
        if not may_set:
            raise PermissionDenied
        sent = WatermarkForm(request.POST, prefix=node)
        if sent.is_valid() and _set(request, pipeline, node, sent):
            return HttpResponseRedirect(
                reverse("admin:pipelines_pipeline_watermarks", args=[pipeline.pk])
            )
    watermarks, others, problem = [], [], ""
    try:
        watermarks = services.watermarks_of(pipeline)
        others = services.left_behind(pipeline)
    except DomainError as error:
        problem = error.detail
    shown = [
        (
            item,
            [_Row(position) for position in item.history],
            sent if sent is not None and item.node == node else WatermarkForm(prefix=item.node),
        )
        for item in watermarks
    ]
    return {"watermarks": shown, "others": others, "may_set": may_set, "problem": problem}


def _set(request: HttpRequest, pipeline: Pipeline, node: str, form: WatermarkForm) -> bool:
    value = None if form.cleaned_data["beginning"] else form.cleaned_data["value"]
    try:
        services.set_watermark(
            pipeline,
            node,
            value,
            reason=form.cleaned_data["reason"],
            user=request.user,  # type: ignore[arg-type]
        )
    except DomainError as error:
        for problem in error.errors:
            form.add_error(problem.field if problem.field in form.fields else None, problem.message)
        if not error.errors:
            form.add_error(None, error.detail)
        return False
    text = (
        _("The next execution reads '%(node)s' from the beginning.")
        if value is None
        else _("The next execution reads '%(node)s' from %(value)s.")
    )
    messages.success(request, text % {"node": node, "value": value})
    return True
