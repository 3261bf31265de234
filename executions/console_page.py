"""What the live page of an execution is given with its HTML."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse

from executions import services
from executions.models import PipelineExecution
from pipelines.messages import translated

_CANCEL = "executions.cancel_pipelineexecution"
_EXECUTE = "pipelines.execute_pipeline"
_CHANGE = "pipelines.change_pipeline"
_ALERTS = "alerts.view_alertdelivery"
# Where the page puts the id of another execution, and of a node, into an address.
_AN_EXECUTION = UUID(int=0)
_A_NODE = "__node__"


def page_data(
    request: HttpRequest, execution: PipelineExecution, pipeline_url: str | None
) -> dict[str, Any]:
    """Return the page's data as JSON; see `PageData` in frontend/src/execution/store.ts."""
    may_execute = request.user.has_perm(_EXECUTE)
    return {
        "execution_id": str(execution.pk),
        "state": services.live_state(execution.pk, request.user),
        "graph": services.execution_graph(execution),
        "may": {"cancel": request.user.has_perm(_CANCEL), "execute": may_execute},
        "shows_alerts": request.user.has_perm(_ALERTS),
        "notes": [translated(warning) for warning in execution.replay_warnings],
        "urls": {
            "pipeline": pipeline_url,
            "change_params": _change_params(execution) if may_execute else None,
            "run_newest": _run_form(execution) if may_execute else None,
            "edit_node": (
                f"{pipeline_url}?{urlencode({'node': _A_NODE})}"
                if pipeline_url and request.user.has_perm(_CHANGE)
                else None
            ),
            "execution": _page("change", _AN_EXECUTION),
            "quarantine": _page("quarantine", execution.pk, _A_NODE),
        },
    }


def _page(name: str, *args: object) -> str:
    return reverse(f"admin:executions_pipelineexecution_{name}", args=args)


def _change_params(execution: PipelineExecution) -> str | None:
    """Return the address of the form that runs the execution's revision again."""
    form = _run_form(execution)
    if form is None or execution.revision is None:
        return form
    return f"{form}&revision={execution.revision.number}"


def _run_form(execution: PipelineExecution) -> str | None:
    """Return the address of the form that runs the newest revision; None without a pipeline."""
    if execution.pipeline_id is None:
        return None
    form = reverse("admin:pipelines_pipeline_execute", args=[execution.pipeline_id])
    return f"{form}?again={execution.pk}"
