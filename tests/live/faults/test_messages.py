"""Messages that come twice or never, and a beat that dies."""

from __future__ import annotations

import pytest
from celery import Celery
from redis import Redis

from executions.services.queueing import EXECUTE
from tests.live.client import LiveStack
from tests.live.faults.killing import kill, pid_of, restarted
from tests.live.faults.record import fault
from tests.live.faults.soundness import Trial

KEYS = "logidata:"


@pytest.fixture
def broker(live: LiveStack) -> Celery:
    """The queue, as whoever sends a message sees it."""
    app = Celery(broker=live.stack.redis_url)
    app.conf.broker_transport_options = {"global_keyprefix": KEYS}
    return app


def deliver(broker: Celery, trial: Trial, execution_id: str) -> None:
    """Send the message that triggers an execution once more."""
    args = [trial.pipeline["id"], {}, "manual", None, execution_id]
    broker.send_task(EXECUTE, args=args)


@fault(
    "The message to trigger delivered three times",
    "Airflow gets one run; the messages that come later do nothing",
)
def test_a_message_that_comes_again_starts_no_second_run(live, trial, broker):
    with trial.fault():
        with live.without("worker"):
            execution_ids = trial.start(3)
            for execution_id in execution_ids * 2:
                deliver(broker, trial, execution_id)
        live.wait(execution_ids[0])
        deliver(broker, trial, execution_ids[0])


@fault("The message to trigger lost", "the sync queues the execution again")
def test_a_message_that_is_lost_is_sent_again(live, trial):
    with trial.fault(), live.without("worker", "beat"):
        trial.start(3)
        assert Redis.from_url(live.stack.redis_url).delete(f"{KEYS}celery") == 1


@fault(
    "Celery beat killed",
    "it is started anew; runs go on in Airflow and are followed, lost messages are sent again",
)
def test_a_killed_beat_comes_back(live, trial):
    trial.start(2, seconds=5)
    with trial.fault():
        old = pid_of(live, "beat")
        with live.without("worker"):
            trial.start()
            Redis.from_url(live.stack.redis_url).delete(f"{KEYS}celery")
            kill(live, "beat")
        restarted(live, "beat", old)
