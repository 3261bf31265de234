"""What the page of a pipeline gives its canvas."""

import json
from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language

from pipelines.models import Pipeline
from pipelines.services import look_ahead


def editor_data(
    request: HttpRequest, pipeline: Pipeline | None, *, may_change: bool
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
        "seen": pipeline.updated_at.isoformat() if pipeline is not None else None,
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
