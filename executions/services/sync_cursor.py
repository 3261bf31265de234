"""Up to where Airflow's changes are known, and from where to look next.

`runs_seen_until` is a time of Airflow's, and compared with Airflow's alone; `looked_back_at` is one
of ours.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min, Q
from django.utils import timezone

from airflow_bridge.client import AirflowClient
from executions.models import SyncCursor
from pipelines.models import Pipeline

# Runs are committed in Airflow later than they are stamped: seldom by seconds, and by minutes
# where a transaction hangs. A run that could not be written is met again this way, too.
OVERLAP = timedelta(seconds=30)
LOOK_BACK = timedelta(hours=1)
LOOK_BACK_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Look:
    """A look at what changed at `since` or later; None while nothing can have run.

    `far` says that it reaches back to changes which may have been missed.
    """

    since: datetime | None
    far: bool


def next_look(client: AirflowClient) -> Look:
    """Return the look that is due."""
    cursor = SyncCursor.objects.filter(pk=1).first()
    if cursor is None or cursor.runs_seen_until is None:
        first = Pipeline.objects.aggregate(first=Min("created_at"))["first"]
        return Look(None if first is None else _in_airflows_time(client, first), far=True)
    before = cursor.looked_back_at
    far = before is None or before < timezone.now() - LOOK_BACK_EVERY
    return Look(cursor.runs_seen_until - (LOOK_BACK if far else OVERLAP), far)


def unseen_since(client: AirflowClient, created_at: datetime) -> datetime:
    """Return from when on runs may not be known yet, of a pipeline that was created then."""
    cursor = SyncCursor.objects.filter(pk=1).first()
    if cursor is None or cursor.runs_seen_until is None:
        return _in_airflows_time(client, created_at)
    return cursor.runs_seen_until - OVERLAP


def remember(look: Look, seen_until: datetime | None) -> None:
    """Note that the look was taken; it never moves what was seen backwards."""
    now = timezone.now()
    SyncCursor.objects.get_or_create(pk=1)
    looked = {"looked_back_at": now} if look.far else {}
    SyncCursor.objects.filter(pk=1).update(reached_airflow_at=now, **looked)
    if seen_until is not None:
        SyncCursor.objects.filter(
            Q(runs_seen_until=None) | Q(runs_seen_until__lt=seen_until), pk=1
        ).update(runs_seen_until=seen_until)


def _in_airflows_time(client: AirflowClient, moment: datetime) -> datetime:
    return moment + client.clock_ahead() - OVERLAP
