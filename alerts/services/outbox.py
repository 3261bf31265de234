"""From the end of an execution to deliveries, so that a kill in between loses nothing."""

import logging
import uuid
from collections.abc import Sequence

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from alerts.models import AlertRule, EndedExecution
from alerts.services.clocks import UNREAD, UNREAD_OF_PIPELINE, overruns_of_ended
from alerts.services.deciding import decide, one_at_a_time
from alerts.services.events import events_of_end
from alerts.services.queueing import queue_look_on_commit
from alerts.services.sending import ATTEMPTS, pause_after
from executions.models import PipelineExecution

logger = logging.getLogger(__name__)

# So many ends are looked at in one transaction.
LOT = 200


def note_end(execution_id: uuid.UUID) -> None:
    """Note the end of an execution, for rules to look at. Within the transaction that ends it."""
    if not AlertRule.objects.filter(is_active=True).exists():
        return
    attempt = PipelineExecution.objects.values_list("attempt", flat=True).get(pk=execution_id)
    EndedExecution.objects.bulk_create(
        [EndedExecution(execution_id=execution_id, attempt=attempt)], ignore_conflicts=True
    )
    queue_look_on_commit()


@transaction.atomic
def look_at_ends() -> int:
    """Write the deliveries that noted ends come to, a lot of them; return how many ends.

    The notes go in the same transaction: a process that dies leaves them to the next. An end that
    cannot be looked at holds up no other: it has its next turn later, and a last one.
    """
    one_at_a_time()
    noted = EndedExecution.objects.select_related("execution__pipeline").order_by("pk")
    unread = [f"execution__{name}" for name in (*UNREAD, *UNREAD_OF_PIPELINE)]
    ends = list(noted.filter(due_at__lte=timezone.now()).defer(*unread)[:LOT])
    try:
        _tell(ends)
    except Exception:
        # Together they may go as one message; by themselves, one after the other.
        logger.exception("Of %d ends one cannot be looked at", len(ends))
        for end in ends:
            _tell_alone(end)
    return len(ends)


@transaction.atomic
def _tell(ends: Sequence[EndedExecution]) -> None:
    events = [event for end in ends for event in events_of_end(end.execution, end.attempt)]
    events += overruns_of_ended([end.execution for end in ends])
    decide(events)
    EndedExecution.objects.filter(pk__in=[end.pk for end in ends]).delete()


def _tell_alone(end: EndedExecution) -> None:
    row = EndedExecution.objects.filter(pk=end.pk)
    try:
        _tell([end])
    except Exception:
        if end.failures + 1 >= ATTEMPTS:
            logger.exception("Nobody is told of the end of execution %s", end.execution_id)
            row.delete()
        else:
            due = timezone.now() + pause_after(end.failures + 1)
            row.update(failures=F("failures") + 1, due_at=due)
