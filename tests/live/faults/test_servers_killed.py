"""The web server and Airflow's programs die."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
import requests

from stack import postgres
from tests.live.client import LiveStack, eventually
from tests.live.faults.killing import kill, pid_of, restarted
from tests.live.faults.record import fault
from tests.live.faults.soundness import Trial


def logidata_database(live: LiveStack) -> str:
    stack = live.stack
    return postgres.url(
        stack.ports.postgres, "logidata", stack.secrets.logidata_database, "logidata"
    )


class Caller(threading.Thread):
    """A client who asks for an execution and waits for the answer."""

    def __init__(self, trial: Trial, mark: str) -> None:
        super().__init__(daemon=True)
        self.trial, self.mark = trial, mark
        self.answered = False

    def run(self) -> None:
        live = self.trial.live
        body = {"params": {"mark": self.mark, "seconds": 0}, "trigger_type": "manual"}
        path = f"{live.env['LOGIDATA_URL']}/api/v1/pipelines/{self.trial.pipeline['id']}/execute"
        try:
            requests.post(path, json=body, headers=dict(live.session.headers), timeout=60)
        except requests.RequestException:
            return
        self.answered = True


@contextmanager
def locked(live: LiveStack, trial: Trial) -> Iterator[psycopg.Connection]:
    """Hold the pipeline's row, for which an execution has to wait."""
    with psycopg.connect(logidata_database(live)) as connection:
        connection.execute(
            "SELECT 1 FROM pipelines_pipeline WHERE id = %s FOR UPDATE", [trial.pipeline["id"]]
        )
        yield connection


def waiting_for_locks(live: LiveStack) -> int:
    statement = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with psycopg.connect(logidata_database(live)) as connection:
        row = connection.execute(statement).fetchone()
    assert row is not None
    return int(row[0])


@fault(
    "Web server killed before it has written an execution",
    "the caller gets no answer, and there is no execution",
)
def test_a_request_that_is_cut_off_before_it_is_written_leaves_nothing(live, trial):
    trial.start(2, seconds=5)
    with trial.fault():
        old = pid_of(live, "web")
        with locked(live, trial):
            caller = Caller(trial, "cut off")
            caller.start()
            eventually(lambda: waiting_for_locks(live), 30)
            kill(live, "web")
        caller.join(30)
        restarted(live, "web", old)
    assert not caller.answered


@fault(
    "Web server killed after it has written an execution, before it answered",
    "the execution is there and runs once; a message that was not sent is sent by the sync",
)
def test_a_request_that_is_cut_off_after_it_is_written_is_carried_out(live, trial):
    trial.start(1)
    redis = eventually(lambda: pid_of(live, "redis"), 10)
    with trial.fault():
        old = pid_of(live, "web")
        # The message is not taken, and the answer waits for that.
        os.kill(redis, signal.SIGSTOP)
        try:
            caller = Caller(trial, "written")
            caller.start()
            [written] = eventually(lambda: executions_marked(live, "written"), 30)
            kill(live, "web")
        finally:
            os.kill(redis, signal.SIGCONT)
        caller.join(30)
        restarted(live, "web", old)
    trial.accepted[written] = frozenset({"success"})
    assert not caller.answered


def executions_marked(live: LiveStack, mark: str) -> list[str]:
    """Return the executions with that param, as the database has them."""
    statement = "SELECT id FROM executions_pipelineexecution WHERE params->>'mark' = %s"
    with psycopg.connect(logidata_database(live)) as connection:
        return [str(row[0]) for row in connection.execute(statement, [mark]).fetchall()]


@pytest.mark.parametrize("trial", [{"retries": 2}], indirect=True)
@fault(
    "Airflow's API server killed",
    "executions wait until it is back; tasks that run go on, or are tried again",
)
def test_airflows_api_server_that_is_killed_comes_back(live, trial):
    [running] = trial.start(seconds=8)
    trial.reading(running)
    with trial.fault():
        old = pid_of(live, "airflow-api-server")
        kill(live, "airflow-api-server")
        trial.start(2)
        restarted(live, "airflow-api-server", old)
        eventually(live.airflow_answers, 120)


@pytest.mark.parametrize("trial", [{"retries": 2}], indirect=True)
@fault(
    "Airflow's scheduler killed",
    "a task that runs ends or is tried again; those that were queued are queued again",
)
def test_airflows_scheduler_that_is_killed_comes_back(live, trial):
    [running] = trial.start(seconds=8)
    trial.reading(running)
    with trial.fault():
        old = pid_of(live, "airflow-scheduler")
        kill(live, "airflow-scheduler", children=False)
        trial.start(2)
        restarted(live, "airflow-scheduler", old)


@pytest.mark.parametrize("trial", [{"retries": 2}], indirect=True)
@fault(
    "Airflow's scheduler killed together with its tasks",
    "the tasks are known to be dead, and run again",
)
def test_airflows_scheduler_that_is_killed_with_its_tasks_comes_back(live, trial):
    running = trial.start(2, seconds=8)
    for execution_id in running:
        trial.reading(execution_id)
    with trial.fault():
        old = pid_of(live, "airflow-scheduler")
        kill(live, "airflow-scheduler")
        trial.start(1)
        restarted(live, "airflow-scheduler", old)
