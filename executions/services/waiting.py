"""Why an execution waits, as far as that is known without asking anybody."""

from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from executions.models import PipelineExecution, SyncCursor
from pipelines.messages import translated

# In the order of their needs: without Redis nothing can be heard of the worker and beat either.
_WITHOUT_IT: dict[str, Any] = {
    "redis": gettext_lazy("Waits: Redis does not answer."),
    "worker": gettext_lazy("Waits: no worker answers."),
    "airflow": gettext_lazy("Waits: Airflow is away, or not well."),
    "beat": gettext_lazy("Waits: beat is down, so what was lost is not taken up again."),
}


def why_it_waits(execution: PipelineExecution, down: Collection[str]) -> str:
    """Return why it waits, in a sentence; `down` names the components that are known to be down.

    What is down comes first, for its own reason may be older than that. An Airflow that is away is
    told by that reason, as the worker has seen it.
    """
    ill = next((name for name in _WITHOUT_IT if name in down), None)
    if ill == "airflow" and not execution.status_reason and not _airflow_was_reached():
        return _("Waits for Airflow, which has not answered yet. It may still be starting.")
    if ill is not None and not (ill == "airflow" and execution.status_reason):
        return str(_WITHOUT_IT[ill])
    if execution.status_reason:
        return translated(execution.status_reason)
    if execution.triggered_at is not None:
        return _("Waits in Airflow, which has the run and will begin it once a slot is free.")
    return _("Waits for a worker that is free; its message is in the queue.")


def _airflow_was_reached() -> bool:
    """Return whether the sync has ever been answered: until then nothing is amiss."""
    return SyncCursor.objects.filter(reached_airflow_at__isnull=False).exists()
