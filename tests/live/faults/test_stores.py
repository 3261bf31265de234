"""PostgreSQL and Redis go away, and come back: with what they knew, or without."""

from __future__ import annotations

import shutil

import pytest

from tests.live.client import LiveStack, eventually
from tests.live.faults.conftest import Begin
from tests.live.faults.record import fault
from tests.live.faults.soundness import Trial, require_truth, settle

RESTARTED = "Redis restarted"
EMPTIED = "Redis restarted and emptied"


def under_way(trial: Trial) -> None:
    """Have one execution at work, and two on their way."""
    [running] = trial.start(seconds=6)
    trial.reading(running)
    trial.start(2)


# Its nodes may be cut off, so that they are tried again.
@pytest.mark.parametrize("trial", [{"retries": 2}], indirect=True)
@fault(
    "PostgreSQL restarted",
    "the API answers 503 meanwhile; nodes that lost the warehouse are tried again",
)
def test_postgresql_restarted_loses_nothing(live, trial):
    under_way(trial)
    with trial.fault(), live.without("postgres"):
        health = live.request("GET", "health")
        assert health.status_code == 503
        assert health.json()["components"]["database"]["status"] == "down"
        refused = live.request("POST", f"pipelines/{trial.pipeline['id']}/execute", {})
        assert refused.status_code == 503, refused.text


@pytest.fixture(scope="module")
def redis_away(live: LiveStack, begin: Begin) -> dict[str, Trial]:
    """Redis is restarted, and restarted and emptied; one wait for both."""
    trials = {name: begin(name).ready() for name in (RESTARTED, EMPTIED)}
    for name, trial in trials.items():
        under_way(trial)
        with live.without("redis"):
            trial.start()
            if name == EMPTIED:
                shutil.rmtree(live.stack.layout.redis_data / "appendonlydir")
                (live.stack.layout.redis_data / "dump.rdb").unlink(missing_ok=True)
        trial.over()
        eventually(lambda: live.supervisor.state("redis") == "RUNNING", 20)
    settle(*trials.values())
    return trials


@fault(RESTARTED, "executions are accepted meanwhile; the sync sends their messages")
def test_redis_restarted_loses_nothing(redis_away):
    require_truth(redis_away[RESTARTED])


@fault(
    EMPTIED,
    "executions are accepted meanwhile; the sync sends all messages that were lost",
)
def test_redis_that_has_forgotten_everything_loses_nothing(redis_away):
    require_truth(redis_away[EMPTIED])
