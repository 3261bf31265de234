"""Messages that come twice or never, and a beat that dies."""

from __future__ import annotations

import pytest
from celery import Celery
from redis import Redis

from executions.services.queueing import EXECUTE
from tests.live.client import LiveStack, eventually
from tests.live.faults.conftest import Begin
from tests.live.faults.killing import kill, pid_of, restarted
from tests.live.faults.record import fault
from tests.live.faults.soundness import Trial, require_truth, settle

KEYS = "logidata:"
LOST = "The message to trigger lost"
BEAT = "Celery beat killed"


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


@pytest.fixture(scope="module")
def lost(live: LiveStack, begin: Begin) -> dict[str, Trial]:
    """Messages are lost, then beat is killed; one wait until that is made up for."""
    messages, beat = begin(LOST).ready(), begin(BEAT).ready()
    with live.without("worker", "beat"):
        messages.start(3)
        lose_messages(live)
    messages.over()
    beat.start(2, seconds=5)
    old = eventually(lambda: pid_of(live, "beat"), 20)
    with live.without("worker"):
        beat.start()
        lose_messages(live)
        kill(live, "beat")
    restarted(live, "beat", old)
    beat.over()
    settle(messages, beat)
    return {LOST: messages, BEAT: beat}


def lose_messages(live: LiveStack) -> None:
    assert Redis.from_url(live.stack.redis_url).delete(f"{KEYS}celery") == 1


@fault(LOST, "the sync queues the execution again")
def test_a_message_that_is_lost_is_sent_again(lost):
    require_truth(lost[LOST])


@fault(
    BEAT, "it is started anew; runs go on in Airflow and are followed, lost messages are sent again"
)
def test_a_killed_beat_comes_back(lost):
    require_truth(lost[BEAT])
