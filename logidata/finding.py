"""What the search over all pages finds: entries of the menu, pipelines, and executions by id.

It is looked up afresh each time: what was found a moment ago may be gone, or no longer be for
the person who asks, and a cache of it would have to be up.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from executions import services as executions
from executions.models import PipelineExecution
from pipelines import services as pipelines
from pipelines.badges import status_word
from pipelines.models import Pipeline

# More of them are found better by another word.
MOST = 20


@dataclass(frozen=True)
class Hit:
    """A page that was found: its name, what it is, where it is, and its icon."""

    title: str
    kind: str
    address: str
    icon: str


def find(request: HttpRequest, text: str, menu: Iterable[Mapping[str, Any]]) -> list[Hit]:
    """Return at most `MOST` pages that fit the text and that the user may see."""
    if not text.split():
        return []
    found = (
        hit
        for hits in (_entries(text, menu), _pipelines(request, text), _executions(request, text))
        for hit in hits
    )
    return list(islice(found, MOST))


def _entries(text: str, menu: Iterable[Mapping[str, Any]]) -> Iterator[Hit]:
    words = text.casefold().split()
    for group in menu:
        for item in group["items"]:
            title = str(item["title"])
            if item["has_permission"] and all(word in title.casefold() for word in words):
                yield Hit(title, str(group.get("title") or _("Menu")), item["link"], item["icon"])


def _pipelines(request: HttpRequest, text: str) -> Iterator[Hit]:
    if not request.user.has_perm("pipelines.view_pipeline"):
        return
    found = pipelines.search(Pipeline.objects.order_by("name"), text)
    for pk, name in found.values_list("pk", "name")[:MOST]:
        address = reverse("admin:pipelines_pipeline_change", args=[pk])
        yield Hit(name, _("Pipeline"), address, "account_tree")


def _executions(request: HttpRequest, text: str) -> Iterator[Hit]:
    words = text.split()
    # By nothing but an id: names are those of pipelines, and the history may hold millions.
    if len(words) > 1 or not request.user.has_perm("executions.view_pipelineexecution"):
        return
    found = executions.search_by_id(PipelineExecution.objects.all(), words[0])
    for execution in found.only("pipeline_name", "status", "created_at")[:MOST]:
        at = date_format(localtime(execution.created_at), "DATETIME_FORMAT")
        address = reverse("admin:executions_pipelineexecution_change", args=[execution.pk])
        kind = f"{_('Execution')}, {status_word(execution.status)}"
        yield Hit(f"{execution.pipeline_name}, {at}", kind, address, "play_circle")
