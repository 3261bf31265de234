"""Hints of Airflow's that one of its runs changed: a look at each, soon, and not too often.

A hint is no news in itself: only what Airflow answers when it is asked is written, so that neither
a forged hint nor a late one makes a status. Airflow sends some just before it commits what they are
about, so a look that finds the run going on is followed by others.
"""

import hashlib
import hmac
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from celery import current_app
from django.conf import settings
from django.core.cache import cache

from airflow_bridge import factory
from airflow_bridge.client import AirflowClient
from airflow_bridge.errors import RunNotFound
from airflow_bridge.spec import parse_dag_id
from executions.errors import HintsOff, HintUnsigned
from executions.models import PipelineExecution
from executions.services.adopting import adopt
from executions.services.following import follow, was_cleared
from executions.services.queueing import SYNC

LOOK = "executions.tasks.look_at_run"

# Seconds by which a hint may be late, or its sender's clock wrong.
_TOLERANCE = 300
# Seconds between two looks at a run that hints ask for, and to the looks after one.
_APART = 0.5
_AGAIN = (0.5, 1.5)
# Where more runs than this begin to be looked at in a second, a sync sees to the rest together,
# which takes a handful of requests for thousands of them; it is asked for this much apart.
MOST_A_SECOND = 10
_SYNC_APART = 2
# A look that was asked for and never came about stands in the way of the next for so long.
_LOST_AFTER = 30


@dataclass(frozen=True)
class Hint:
    """A DAG run in which something changed."""

    dag_id: str
    run_id: str
    state: str

    @property
    def key(self) -> str:
        """Return the run's name in the cache."""
        name = f"{self.dag_id}\n{self.run_id}".encode()
        return f"hints:{hashlib.sha256(name).hexdigest()}"


def require_signed(body: bytes, timestamp: str, signature: str) -> None:
    """Raise `HintUnsigned` unless Airflow's plug-in sent the body, a few minutes ago at most.

    Raise `HintsOff` where no secret was agreed on with it.
    """
    secret: str = settings.LOGIDATA_EVENTS_SECRET
    if not secret:
        raise HintsOff
    expected = hmac.new(secret.encode(), timestamp.encode() + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise HintUnsigned("Its signature is not that of LOGIDATA_EVENTS_SECRET")
    if not timestamp.isascii() or not timestamp.isdigit():
        raise HintUnsigned("Its time cannot be read")
    if abs(time.time() - int(timestamp)) > _TOLERANCE:
        raise HintUnsigned("It was sent too long ago, or one of the clocks is wrong")


def is_repeated(signature: str) -> bool:
    """Return whether a request with that signature was taken before."""
    return not cache.add(f"hints:taken:{signature}", 1, 2 * _TOLERANCE)


def take_hints(hints: Iterable[Hint]) -> int:
    """Have each run that may have changed looked at; return at how many by itself.

    Raise redis's or Celery's errors where they cannot be reached.
    """
    hints = [hint for hint in hints if parse_dag_id(hint.dag_id) is not None]
    runs = {hint.key: hint for hint in hints}
    beginning = {hint.key for hint in hints if hint.state == "running"}
    ended = {
        Hint(*names, state="").key
        for names in PipelineExecution.objects.filter(
            airflow_dag_id__in={hint.dag_id for hint in runs.values()},
            airflow_dag_run_id__in={hint.run_id for hint in runs.values()},
            completed_at__isnull=False,
        ).values_list("airflow_dag_id", "airflow_dag_run_id")
    }
    # A run that was seen to its end can only begin anew.
    wanted = [
        hint
        for key, hint in runs.items()
        # A look that is to come will see it.
        if (key not in ended or key in beginning) and cache.add(f"{key}:asked", 1, _LOST_AFTER)
    ]
    for place, hint in enumerate(wanted):
        if not _has_turn():
            _queue_sync()
            cache.delete_many([f"{left.key}:asked" for left in wanted[place:]])
            return place
        _queue(hint)
    return len(wanted)


def look_at_run(dag_id: str, run_id: str, after: str | None = None, again: int = 0) -> None:
    """Bring the execution of a DAG run up to what Airflow says; adopt the run if it is new.

    `after` names the look that asked for this one, the `again`th of its kind: it is left out if
    there was another since. Raise AirflowError.
    """
    key = Hint(dag_id, run_id, "").key
    if after is not None and _last_look(key)[0] != after:
        return
    look = uuid.uuid4().hex
    cache.set(f"{key}:last", (look, time.time()), _LOST_AFTER)
    # Before Airflow is asked: what it tells from here on may be news.
    cache.delete(f"{key}:asked")
    if _look(factory.get_airflow_client(), dag_id, run_id) and again < len(_AGAIN):
        args = [dag_id, run_id, look, again + 1]
        current_app.send_task(LOOK, args=args, countdown=_AGAIN[again])


def _has_turn() -> bool:
    key = f"hints:second:{int(time.time())}"
    cache.add(key, 0, _SYNC_APART)
    return cache.incr(key) <= MOST_A_SECOND


def _queue_sync() -> None:
    if cache.add("hints:sync", 1, _SYNC_APART):
        current_app.send_task(SYNC)


def _queue(hint: Hint) -> None:
    wait = _last_look(hint.key)[1] + _APART - time.time()
    current_app.send_task(LOOK, args=[hint.dag_id, hint.run_id], countdown=max(wait, 0) or None)


def _last_look(key: str) -> tuple[str, float]:
    last: tuple[str, float] = cache.get(f"{key}:last") or ("", 0.0)
    return last


def _look(client: AirflowClient, dag_id: str, run_id: str) -> bool:
    """Return whether more is to come of the run."""
    of_run = PipelineExecution.objects.filter(airflow_dag_id=dag_id, airflow_dag_run_id=run_id)
    execution = of_run.first()
    if execution is None or execution.is_final:
        try:
            run = client.get_run(dag_id, run_id)
        except RunNotFound:
            # Airflow told of it before it was there.
            return True
        if execution is None:
            execution = adopt(run, client.clock_ahead())
            if execution is None:
                return False
        elif not was_cleared(execution, run):
            return False
    if execution.triggered_at is not None:
        follow(client, execution)
        execution.refresh_from_db()
    return execution.may_still_run
