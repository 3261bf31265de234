"""Is everything that LogiData needs up? All of it asked at once, in bounded time."""

import math
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from celery import current_app
from django.core.cache import cache
from django.db import OperationalError, connection
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from airflow_bridge import factory
from airflow_bridge.errors import AirflowError
from airflow_bridge.patience import within
from alerts.services.queueing import QUEUE as ALERTS
from logidata.beat import FRESH_FOR_SECONDS, HEARTBEAT_KEY
from pipelines.messages import translated
from pipelines.services.preview_store import WORKER_KEY
from pipelines.services.preview_worker import QUEUE as PREVIEWS

ANSWER_WITHIN_SECONDS = 2.5
# Shorter, so that a missing worker is told apart from a broker that hangs.
WORKER_ANSWERS_WITHIN_SECONDS = 1.0
# Anyone may ask, and each look costs threads, a broadcast to the workers and calls to Airflow.
SHARED_FOR_SECONDS = 2.0
# For how long a page that does not look itself may go by an earlier look.
KNOWN_FOR_SECONDS = 60.0
STATUSES = OK, DEGRADED, DOWN = "ok", "degraded", "down"
# Without these, of the checks and of Airflow's components, executions go on.
NOT_NEEDED = frozenset({"previews", "alerts"})
NOT_NEEDED_OF_AIRFLOW = frozenset({"triggerer"})


@dataclass(frozen=True)
class Finding:
    """What one check found: `detail` says what is wrong and what next, `facts` what was seen.

    It is shared by readers of several languages, so `detail` becomes a text where it is read.
    """

    status: str
    detail: str | Promise = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    milliseconds: float = 0.0

    @property
    def told(self) -> str:
        """What is wrong and what next, in the language of whoever reads it."""
        return translated(self.detail) if isinstance(self.detail, str) else str(self.detail)

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as JSON."""
        return {
            "status": self.status,
            "detail": self.told,
            "milliseconds": round(self.milliseconds, 1),
            **self.facts,
        }

    def in_short(self) -> dict[str, Any]:
        """Return what anyone may know of the finding."""
        return Finding(self.status, milliseconds=self.milliseconds).as_dict()


Findings = Mapping[str, Finding]


def check_database() -> Finding:
    """Ask PostgreSQL for its version."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            row = cursor.fetchone()
        return Finding(OK, facts={"version": row[0] if row else ""})
    except OperationalError:
        return Finding(
            DOWN, _("PostgreSQL cannot be reached. Start it, and look at LOGIDATA_DATABASE_URL.")
        )
    finally:
        # The connection belongs to this thread, which ends now.
        connection.close()


def check_redis() -> Finding:
    """Write to Redis and read it back."""
    mark = time.time_ns()
    cache.set("health", mark, timeout=60)
    if cache.get("health") is None:
        return Finding(DOWN, _("Redis forgets what is written to it. Give it more memory."))
    return Finding(OK)


def check_worker() -> Finding:
    """Ping the Celery workers that have no queue of their own; the first answer is enough."""
    if not _some_worker_answers(f"(?!{PREVIEWS}@|{ALERTS}@)"):
        return Finding(
            DOWN,
            format_lazy(
                _(
                    "No Celery worker has answered within {seconds:g} s. "
                    "Start one; what is queued waits for it."
                ),
                seconds=WORKER_ANSWERS_WITHIN_SECONDS,
            ),
        )
    return Finding(OK)


def _some_worker_answers(pattern: str) -> bool:
    inspect = current_app.control.inspect(
        timeout=WORKER_ANSWERS_WITHIN_SECONDS,
        limit=1,
        pattern=pattern,
        # By the name under which kombu, which the workers use for it, knows it.
        matcher="pcre",  # type: ignore[arg-type]
    )
    return bool(inspect.ping())


def check_alerts() -> Finding:
    """Ping the workers that send alerts; the first answer is enough."""
    if not _some_worker_answers(f"{ALERTS}@"):
        return Finding(
            DOWN,
            format_lazy(
                _("No Celery worker sends alerts; they wait for one. Start it: {command}."),
                command=f"celery -A logidata worker --queues={ALERTS} "
                f"--hostname={ALERTS}@%h --concurrency=2",
            ),
        )
    return Finding(OK)


def check_previews() -> Finding:
    """Look for the sign of life of the workers of previews."""
    if cache.get(WORKER_KEY) is None:
        return Finding(
            DOWN,
            format_lazy(
                _("No Celery worker takes previews. Start one: {command}."),
                command=f"celery -A logidata worker --queues={PREVIEWS} "
                f"--hostname={PREVIEWS}@%h --pool=threads --concurrency=2",
            ),
        )
    return Finding(OK)


def check_beat() -> Finding:
    """Read the heartbeat that beat leaves in Redis."""
    beat = cache.get(HEARTBEAT_KEY)
    if beat is None:
        return Finding(DOWN, _("Celery beat has left no sign of life. Start it."))
    facts = {"heartbeat": datetime.fromtimestamp(beat, UTC).isoformat()}
    age = time.time() - beat
    if age > FRESH_FOR_SECONDS:
        detail = format_lazy(_("Celery beat was last seen {age:.0f} s ago. Restart it."), age=age)
        return Finding(DOWN, detail, facts)
    return Finding(OK, facts=facts)


def check_airflow() -> Finding:
    """Ask Airflow for its version and its components' health."""
    # Else the thread would live on for as long as Airflow hangs.
    with within(ANSWER_WITHIN_SECONDS):
        health = factory.get_airflow_client().health()
    components = {
        name: {"status": status, "heartbeat": heartbeat.isoformat() if heartbeat else None}
        for name, (status, heartbeat) in health.components.items()
    }
    facts = {
        "version": health.version,
        "components": components,
        "limits": list(health.limits),
    }
    ill = sorted(name for name, found in components.items() if found["status"] != "healthy")
    if ill:
        return Finding(
            DEGRADED if NOT_NEEDED_OF_AIRFLOW.issuperset(ill) else DOWN,
            format_lazy(_("Airflow says not healthy: {names}. Restart it."), names=", ".join(ill)),
            facts,
        )
    return Finding(OK, facts=facts)


CHECKS: Mapping[str, Callable[[], Finding]] = {
    "database": check_database,
    "redis": check_redis,
    "worker": check_worker,
    "previews": check_previews,
    "alerts": check_alerts,
    "beat": check_beat,
    "airflow": check_airflow,
}


def check_all(checks: Mapping[str, Callable[[], Finding]] = CHECKS) -> dict[str, Finding]:
    """Run the checks at once; one that has not answered in time is down."""
    started = time.monotonic()
    running = {name: _in_thread(name, check) for name, check in checks.items()}
    wait(running.values(), timeout=ANSWER_WITHIN_SECONDS)
    waited = (time.monotonic() - started) * 1000
    late = Finding(
        DOWN,
        format_lazy(
            _("No answer within {seconds:g} s. See whether it runs and is reachable."),
            seconds=ANSWER_WITHIN_SECONDS,
        ),
        milliseconds=waited,
    )
    return {name: found.result() if found.done() else late for name, found in running.items()}


def whole(found: Mapping[str, Finding]) -> str:
    """Return the status of all together: down if what executions need is, degraded if another."""
    if any(one.status == DOWN for name, one in found.items() if name not in NOT_NEEDED):
        return DOWN
    return OK if all(one.status == OK for one in found.values()) else DEGRADED


class SharedLook:
    """One look at everything for all who ask at about the same time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: Future[dict[str, Finding]] | None = None
        self._fresh_until = math.inf

    def known(self) -> dict[str, Finding]:
        """Return what was found within the last minute, without looking; empty for nothing."""
        with self._lock:
            found, until = self._found, self._fresh_until
        is_known = found is not None and found.done() and found.exception() is None
        is_recent = time.monotonic() < until - SHARED_FOR_SECONDS + KNOWN_FOR_SECONDS
        return found.result() if found is not None and is_known and is_recent else {}

    def findings(self) -> dict[str, Finding]:
        """Return what was found within the last two seconds, or is being found, or look."""
        with self._lock:
            found = self._found
            mine = found is None or time.monotonic() >= self._fresh_until
            if found is None or mine:
                found = self._found = Future()
                self._fresh_until = math.inf
        if mine:
            try:
                found.set_result(check_all())
            except BaseException as error:
                found.set_exception(error)
                raise
            finally:
                with self._lock:
                    self._fresh_until = time.monotonic() + SHARED_FOR_SECONDS
        return found.result()


_shared = SharedLook()


def findings() -> dict[str, Finding]:
    """Return what was found of each component, at most two seconds ago; it may take as long."""
    return _shared.findings()


def known() -> dict[str, Finding]:
    """Return what was found of each component within the last minute, at once; empty if nothing."""
    return _shared.known()


def _in_thread(name: str, check: Callable[[], Finding]) -> "Future[Finding]":
    """Run a check in a thread of its own, which may outlive the answer but never the process."""
    future: Future[Finding] = Future()

    def run() -> None:
        started = time.monotonic()
        found = _guarded(name, check)
        passed = (time.monotonic() - started) * 1000
        future.set_result(Finding(found.status, found.detail, found.facts, passed))

    threading.Thread(target=run, name=f"health-{name}", daemon=True).start()
    return future


def _guarded(name: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except AirflowError as error:
        return Finding(DOWN, str(error))
    except RedisError:
        return Finding(
            DOWN, _("Redis cannot be reached. Start it, and look at LOGIDATA_REDIS_URL.")
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, the component is not well
        # Only its kind: the text may quote an address with a password in it.
        return Finding(
            DOWN,
            format_lazy(
                _("The check of {name} failed: {error}. See the log."),
                name=name,
                error=type(error).__name__,
            ),
        )
