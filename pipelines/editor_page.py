"""What the page of a pipeline gives its canvas."""

import json
from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from pipelines.draft_api import draft_json
from pipelines.models import Pipeline, PipelineDraft
from pipelines.services import draft_of, look_ahead, newest_of


def shows_draft(request: HttpRequest, pipeline: Pipeline) -> bool:
    """Return whether the page shows the pipeline as its draft has it: asked to, or all there is."""
    asked = "draft" in request.GET or pipeline.current_revision is None
    return asked and request.method == "GET"


def editor_context(
    request: HttpRequest, pipeline: Pipeline | None, *, may_change: bool
) -> dict[str, Any]:
    """Return what the template of the canvas needs."""
    draft = draft_of(pipeline) if pipeline is not None else None
    context: dict[str, Any] = {
        "editor_data": _data(request, pipeline, draft, may_change=may_change)
    }
    if draft is not None and pipeline is not None:
        context["draft"] = {
            "by": draft.saved_by or _("someone"),
            "at": draft.saved_at,
            "is_open": shows_draft(request, pipeline),
        }
    return context


def _data(
    request: HttpRequest,
    pipeline: Pipeline | None,
    draft: PipelineDraft | None,
    *,
    may_change: bool,
) -> dict[str, Any]:
    """Return what the canvas of a pipeline, or of a new one, begins with.

    A form that comes back with problems shows what was sent.
    """
    if may_change:
        look_ahead()
    known = pipeline or Pipeline()
    current = pipeline.current_revision if pipeline is not None else None
    return {
        "pipeline_id": str(pipeline.pk) if pipeline is not None else None,
        "seen": _seen(request, pipeline, draft),
        "config": _sent(request, "config", known.config),
        "default_params": _sent(request, "default_params", known.default_params),
        "param_specs": _sent(request, "param_specs", known.param_specs),
        "deployed": {
            "revision": current.number,
            "config": current.snapshot["config"],
            "default_params": current.snapshot["default_params"],
            "param_specs": current.snapshot.get("param_specs", {}),
        }
        if current is not None
        else None,
        "draft": draft_json(draft) if draft is not None else None,
        "may_change": may_change,
        "language": (get_language() or "en")[:2],
    }


def _sent(request: HttpRequest, field: str, stored: Any) -> Any:
    """Return the JSON object that was sent for a field; the stored one if none was."""
    try:
        value = json.loads(request.POST.get(field, ""))
    except (ValueError, RecursionError):
        return stored
    return value if isinstance(value, dict) else stored


def _seen(
    request: HttpRequest, pipeline: Pipeline | None, draft: PipelineDraft | None
) -> str | None:
    """Return the time of the state that the page shows.

    A form that comes back has told of a younger one, and how it differs.
    """
    if pipeline is None:
        return None
    if request.method == "POST":
        return newest_of(pipeline, draft).at.isoformat()
    return (pipeline.drawn_at or pipeline.updated_at).isoformat()
