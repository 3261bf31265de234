"""Where a figure leads to: the list of just what it counts."""

from urllib.parse import urlencode

from django.urls import reverse


def executions_list(**filters: object) -> str:
    """Return the address of the list of executions, narrowed down by these filters of it."""
    address = reverse("admin:executions_pipelineexecution_changelist")
    return f"{address}?{urlencode(filters)}"
