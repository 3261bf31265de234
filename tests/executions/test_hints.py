"""Events of Airflow: who may send them, and what they bring about."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from airflow_bridge.errors import AirflowUnavailable
from executions import services
from executions.models import PipelineExecution
from executions.services import hints
from executions.services.hints import Hint, take_hints
from executions.tasks import look_at_run
from pipelines.models import Pipeline
from tests.executions.conftest import Message, Queue, again, key
from tests.fake_airflow import FakeAirflow

SECRET = "agreed-on"
URL = "/api/v1/airflow/events"


@pytest.fixture(autouse=True)
def _agreed(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.LOGIDATA_EVENTS_SECRET = SECRET
    # Tests follow one another faster than runs change.
    monkeypatch.setattr(hints, "MOST_A_SECOND", 10_000)


def event(execution: PipelineExecution, state: str = "running") -> dict[str, Any]:
    dag_id, run_id = key(execution)
    return {
        "event_id": "1",
        "at": "2026-01-01T00:00:00+00:00",
        "dag_id": dag_id,
        "run_id": run_id,
        "task_id": None,
        "try_number": None,
        "state": state,
    }


def send(body: Any, *, secret: str = SECRET, age: float = 0, **changes: str) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    timestamp = changes.get("timestamp", str(int(time.time() - age)))
    signed = hmac.new(secret.encode(), (timestamp + text).encode(), hashlib.sha256).hexdigest()
    return Client().post(
        URL,
        changes.get("text", text),
        content_type="application/json",
        headers={
            "X-LogiData-Timestamp": timestamp,
            "X-LogiData-Signature": changes.get("signature", signed),
        },
    )


def looks(queue: Queue) -> list[Message]:
    return [message for message in queue.messages if message.task == "look_at_run"]


def carry_out(queue: Queue) -> None:
    """Do what the worker does with the looks that are queued."""
    queued = looks(queue)
    queue.messages = []
    for message in queued:
        look_at_run(*message.args)


def test_an_event_brings_about_one_look(triggered: PipelineExecution, queue: Queue) -> None:
    answer = send(event(triggered))
    assert (answer.status_code, answer.json()) == (202, {"looks": 1})
    assert [message.args for message in looks(queue)] == [list(key(triggered))]


def test_many_events_of_one_run_bring_about_one_look(
    triggered: PipelineExecution, queue: Queue
) -> None:
    assert send({"events": [event(triggered)] * 20}).json() == {"looks": 1}
    assert send({"events": [event(triggered), event(triggered)]}).json() == {"looks": 0}
    assert len(looks(queue)) == 1


def test_an_event_that_comes_during_a_look_brings_about_the_next_a_moment_later(
    triggered: PipelineExecution, queue: Queue, airflow: FakeAirflow
) -> None:
    send(event(triggered))
    airflow.before("get_run", lambda: take_hints([Hint(*key(triggered), "running")]) and None)
    carry_out(queue)
    second = next(message for message in looks(queue) if len(message.args) == 2)
    assert second.countdown is not None
    assert 0 < second.countdown <= 0.5


def test_what_airflow_says_is_written_and_not_what_the_event_says(
    triggered: PipelineExecution, queue: Queue, airflow: FakeAirflow
) -> None:
    airflow.set_run(*key(triggered), "running")
    send(event(triggered, "failed"))
    carry_out(queue)
    assert again(triggered).status == "running"


def test_a_run_that_goes_on_is_looked_at_again_for_airflow_tells_before_it_commits(
    triggered: PipelineExecution, queue: Queue, airflow: FakeAirflow
) -> None:
    send(event(triggered, "success"))
    carry_out(queue)
    (second,) = looks(queue)
    assert second.countdown == 0.5
    airflow.finish(*key(triggered))
    carry_out(queue)
    assert again(triggered).status == "success"
    assert looks(queue) == []


def test_looking_again_comes_to_an_end(triggered: PipelineExecution, queue: Queue) -> None:
    send(event(triggered))
    rounds = 0
    while looks(queue):
        carry_out(queue)
        rounds += 1
    assert rounds == 3


def test_another_look_takes_the_place_of_looking_again(
    triggered: PipelineExecution, queue: Queue, airflow: FakeAirflow
) -> None:
    send(event(triggered))
    carry_out(queue)
    (waiting,) = looks(queue)
    send(event(triggered, "success"))
    look_at_run(*key(triggered))
    asked = airflow.calls["get_run"]
    look_at_run(*waiting.args)
    assert airflow.calls["get_run"] == asked


def test_a_run_that_airflow_began_is_adopted(
    pipeline: Pipeline, queue: Queue, airflow: FakeAirflow
) -> None:
    airflow.begin(pipeline.dag_id, "scheduled__1", run_type="scheduled")
    airflow.set_run(pipeline.dag_id, "scheduled__1", "running")
    take_hints([Hint(pipeline.dag_id, "scheduled__1", "running")])
    carry_out(queue)
    execution = PipelineExecution.objects.get(airflow_dag_run_id="scheduled__1")
    assert (execution.status, execution.trigger_type) == ("running", "scheduled")


def test_a_run_that_is_not_there_yet_is_looked_for_again(
    pipeline: Pipeline, queue: Queue, airflow: FakeAirflow
) -> None:
    take_hints([Hint(pipeline.dag_id, "scheduled__2", "running")])
    carry_out(queue)
    assert len(looks(queue)) == 1
    assert not PipelineExecution.objects.exists()


def test_an_execution_that_has_ended_is_left_alone_until_it_begins_anew(
    running: PipelineExecution, queue: Queue, airflow: FakeAirflow
) -> None:
    airflow.finish(*key(running))
    services.refresh_execution(running)
    assert send(event(running, "success")).json() == {"looks": 0}
    airflow.clear(*key(running))
    airflow.set_run(*key(running), "running")
    assert send(event(running, "running")).json() == {"looks": 1}
    carry_out(queue)
    assert (again(running).status, again(running).attempt) == ("running", 2)


def test_a_late_event_of_a_run_that_has_ended_changes_nothing(
    running: PipelineExecution, queue: Queue, airflow: FakeAirflow
) -> None:
    airflow.finish(*key(running))
    services.refresh_execution(running)
    send(event(running, "running"))
    carry_out(queue)
    assert (again(running).status, again(running).attempt) == ("success", 1)
    assert looks(queue) == []


def test_events_of_other_dags_are_left_out(db: None, queue: Queue) -> None:
    other = {"dag_id": "somebody_elses", "run_id": "1", "state": "running"}
    assert send(other).json() == {"looks": 0}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"secret": "guessed"}, "signature"),
        ({"signature": ""}, "signature"),
        ({"signature": "é"}, "signature"),
        ({"text": '{"dag_id": "another"}'}, "signature"),
        ({"timestamp": "yesterday"}, "cannot be read"),
        ({"age": 400}, "too long ago"),
        ({"age": -400}, "too long ago"),
    ],
)
def test_an_event_that_is_not_airflows_is_refused(
    triggered: PipelineExecution, queue: Queue, changes: dict[str, Any], says: str
) -> None:
    answer = send(event(triggered), **changes)
    assert (answer.status_code, answer.json()["type"]) == (403, "event-unsigned")
    assert says in answer.json()["detail"]
    assert looks(queue) == []


def test_an_event_that_is_sent_a_second_time_brings_about_nothing(
    triggered: PipelineExecution, queue: Queue
) -> None:
    at = str(int(time.time()))
    assert send(event(triggered), timestamp=at).json() == {"looks": 1}
    carry_out(queue)
    queue.messages = []
    assert send(event(triggered), timestamp=at).json() == {"looks": 0}
    assert looks(queue) == []


def test_without_a_secret_no_events_are_taken(
    triggered: PipelineExecution, queue: Queue, settings: Any
) -> None:
    settings.LOGIDATA_EVENTS_SECRET = ""
    answer = send(event(triggered), secret="")
    assert (answer.status_code, answer.json()["type"]) == (403, "events-off")


@pytest.mark.parametrize("body", ["no JSON", "[]", '{"events": 7}', '{"events": [{}]}', "{}"])
def test_a_signed_body_that_is_none_is_refused(db: None, body: str) -> None:
    assert send(body).status_code == 400


def test_more_events_at_once_than_there_may_be_are_refused(
    triggered: PipelineExecution, queue: Queue
) -> None:
    answer = send({"events": [event(triggered)] * 1001})
    assert answer.status_code == 400
    assert looks(queue) == []


def test_a_body_that_is_too_large_is_refused(triggered: PipelineExecution, queue: Queue) -> None:
    answer = send({"events": [event(triggered) | {"more": "x" * 3_000_000}]})
    assert answer.status_code == 413
    assert looks(queue) == []


def test_without_a_broker_an_event_is_taken_and_left_to_the_sync(
    triggered: PipelineExecution, queue: Queue
) -> None:
    queue.broken = True
    assert send(event(triggered)).status_code == 202


def test_a_broker_that_is_away_is_told_of_once(
    triggered: PipelineExecution, queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    assert send(event(triggered)).status_code == 202
    caplog.clear()
    for queue.broken in (True, True, False):
        cache.clear()
        assert send(event(triggered)).status_code == 202
    said = [record.getMessage() for record in caplog.records if "Hints" in record.getMessage()]
    assert said == [
        "Hints of Airflow are left out: Redis is away",
        "Hints of Airflow are taken again.",
    ]


def test_an_airflow_that_does_not_answer_leaves_it_to_the_sync(
    triggered: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.lose_answer("get_run", AirflowUnavailable("Airflow is away."))
    look_at_run(*key(triggered))
    assert again(triggered).status == "pending"


def test_where_many_runs_change_at_once_a_sync_sees_to_them_together(
    pipeline: Pipeline, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hints, "_has_turn", iter([True] * 3 + [False] * 10).__next__)
    cache.delete("hints:sync")
    many = [Hint(pipeline.dag_id, f"scheduled__{number}", "running") for number in range(100)]
    assert take_hints(many) == 3
    assert queue.names() == ["look_at_run"] * 3 + ["sync_executions"]
    assert take_hints(many) == 0
    assert queue.names().count("sync_executions") == 1


def test_so_many_runs_a_second_have_a_look_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hints, "MOST_A_SECOND", 10)
    monkeypatch.setattr(hints, "time", SimpleNamespace(time=lambda: 1_000_000_000.5))
    cache.delete("hints:second:1000000000")
    assert [hints._has_turn() for _ in range(12)] == [True] * 10 + [False] * 2


@pytest.mark.slow
def test_a_look_that_was_lost_stands_in_the_way_for_a_while_only(
    triggered: PipelineExecution, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hints, "_LOST_AFTER", 1)
    hint = Hint(*key(triggered), "running")
    assert (take_hints([hint]), take_hints([hint])) == (1, 0)
    time.sleep(1.1)
    assert take_hints([hint]) == 1
