"""What the editor asks while somebody draws: a check, the code, what a schedule means."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from etl.schemas import SchemaMemory
from etl.settings import run_settings
from pipelines.models import Pipeline
from pipelines.services import peeking, unsaved
from pipelines.services.background import Background
from tests.fake_airflow import FakeAirflow
from tests.pipelines.conftest import URL, Save

pytestmark = pytest.mark.usefixtures("surroundings")


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unsaved, "_names", Background(fresh=10))
    monkeypatch.setattr(peeking, "_peeked", Background(fresh=10))


@pytest.fixture(autouse=True)
def _orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "orders.csv").write_text("order_id,status,amount\n1,paid,12.5\n2,open,3\n")
    monkeypatch.setenv("LOGIDATA_DATA_DIRS", str(tmp_path))
    run_settings.cache_clear()
    yield
    run_settings.cache_clear()


def check(api: APIClient, **body: Any) -> Any:
    answer = api.post(f"{URL}/check", body)
    assert answer.status_code == 200, answer.json()
    return answer.json()


def checked(api: APIClient, **body: Any) -> Any:
    """Check again, as the editor does, until everybody has answered."""
    for _ in range(50):
        found = check(api, **body)
        if found["complete"]:
            return found
        time.sleep(0.1)
    raise AssertionError("The check is never complete.")


def test_a_drawn_pipeline_tells_its_problems_and_its_columns(
    api: APIClient, graph: dict[str, Any]
) -> None:
    found = checked(api, config=graph, default_params={"min_amount": 1})
    assert (found["valid"], found["errors"]) == (True, [])
    columns = [
        {"name": "order_id", "type": "BIGINT"},
        {"name": "status", "type": "VARCHAR"},
        {"name": "amount", "type": "DOUBLE"},
    ]
    assert found["columns"] == {
        "read_orders": {"in": {}, "out": {"": columns}, "unknown": None},
        "keep_paid": {"in": {"input": columns}, "out": {"": columns}, "unknown": None},
        "write": {"in": {"input": columns}, "out": {}, "unknown": None},
    }
    assert Pipeline.objects.count() == 0


def test_columns_arrive_at_a_node_that_is_not_finished(
    api: APIClient, graph: dict[str, Any]
) -> None:
    graph["nodes"][1]["config"] = {}
    found = checked(api, config=graph)
    assert [(error["node"], error["field"]) for error in found["errors"]] == [
        ("keep_paid", "config.condition")
    ]
    assert [c["name"] for c in found["columns"]["keep_paid"]["in"]["input"]] == [
        *("order_id", "status", "amount")
    ]
    assert found["columns"]["keep_paid"]["out"] == {"": None}
    assert found["columns"]["write"]["in"] == {"input": None}


def test_a_wrong_column_is_told_although_another_node_has_a_problem(
    api: APIClient, graph: dict[str, Any]
) -> None:
    graph["nodes"][1]["config"]["condition"] = "amuont > 3"
    graph["nodes"].append({"id": "loose", "module": "transform.filter"})
    found = checked(api, config=graph)
    told = [error["message"] for error in found["errors"] if error["node"] == "keep_paid"]
    assert len(told) == 1
    assert "Did you mean 'amount'?" in told[0]


@pytest.mark.parametrize(
    "config",
    [
        [],
        {"nodes": 3, "edges": "x"},
        {"nodes": [{"id": "a"}, 7, {"id": "a", "module": "extract.csv"}], "edges": [{}, 3]},
        {
            "nodes": [
                {"id": "a", "module": "transform.limit", "config": {"rows": 1}},
                {"id": "b", "module": "transform.limit", "config": {"rows": 1}},
            ],
            "edges": [{"source": "a", "target": "b"}, {"source": "b", "target": "a"}],
        },
        {"nodes": [{"id": "a", "module": "x"}], "edges": [{"source": "a", "target": "a"}]},
    ],
)
def test_any_half_drawn_graph_is_answered_with_problems(api: APIClient, config: Any) -> None:
    found = checked(api, config=config)
    assert not found["valid"]
    assert all(error["message"].endswith((".", "?")) for error in found["errors"])


def test_a_split_tells_its_outputs(api: APIClient, graph: dict[str, Any]) -> None:
    graph["nodes"][1] = {
        "id": "keep_paid",
        "module": "transform.split",
        "config": {"branches": [{"name": "paid", "condition": "status = 'paid'"}], "rest": "other"},
    }
    graph["edges"][1]["output"] = "paid"
    found = checked(api, config=graph)
    assert found["valid"]
    assert set(found["columns"]["keep_paid"]["out"]) == {"paid", "other"}
    assert found["columns"]["write"]["in"]["input"] is not None


def test_fields_of_a_new_pipeline_are_no_problem_until_they_are_written(
    api: APIClient, graph: dict[str, Any]
) -> None:
    assert checked(api, config=graph)["valid"]
    found = checked(api, config=graph, name="", schedule="often", timezone="Mars")
    assert [error["field"] for error in found["errors"]] == ["name", "schedule", "timezone"]


def test_a_stored_pipelines_other_fields_count(
    api: APIClient, pipeline: Pipeline, graph: dict[str, Any]
) -> None:
    found = checked(api, pipeline=str(pipeline.pk), schedule="@daily", default_params={})
    assert "its parameter 'min_amount' has no default" in found["errors"][0]["message"]
    pipeline.refresh_from_db()
    assert pipeline.schedule == ""


def test_a_name_that_is_taken_is_told_while_typing(api: APIClient, pipeline: Pipeline) -> None:
    found = checked(api, name=pipeline.name, config=pipeline.config)
    assert [error["field"] for error in found["errors"]] == ["name"]
    assert checked(api, pipeline=str(pipeline.pk), name=pipeline.name)["valid"]


def test_an_unknown_field_is_a_problem(api: APIClient, graph: dict[str, Any]) -> None:
    found = checked(api, config=graph, shedule="@daily")
    assert [error["field"] for error in found["errors"]] == ["shedule"]


def test_typing_does_not_wait_for_airflow(
    api: APIClient, airflow: FakeAirflow, graph: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    names, answers = airflow.connection_ids, threading.Event()

    def slowly() -> Any:
        answers.wait(10)
        return names()

    monkeypatch.setattr(airflow, "connection_ids", slowly)
    graph["nodes"][2] = {
        "id": "write",
        "module": "load.postgres",
        "config": {"connection": "nowhere", "table": "orders", "mode": "append"},
    }
    first = check(api, config=graph)
    assert (first["valid"], first["complete"]) == (True, False)
    answers.set()
    deadline = time.monotonic() + 10
    while not (second := check(api, config=graph))["complete"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "'nowhere' is not defined in Airflow" in second["errors"][0]["message"]


def test_airflow_is_asked_once_for_many_checks(
    api: APIClient, airflow: FakeAirflow, graph: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    names = airflow.connection_ids
    monkeypatch.setattr(airflow, "connection_ids", lambda: asked.append(1) or names())
    for _ in range(5):
        check(api, config=graph)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("permission", "stored", "fields", "status"),
    [
        ("change_pipeline", True, True, 200),
        ("view_pipeline", True, True, 403),
        ("view_pipeline", True, False, 200),
        ("add_pipeline", False, True, 200),
        ("change_pipeline", False, True, 403),
    ],
)
@pytest.mark.parametrize("action", ["check", "code"])
def test_who_may_have_what_is_drawn_checked(
    pipeline: Pipeline,
    api_as: Callable[..., APIClient],
    action: str,
    permission: str,
    stored: bool,
    fields: bool,
    status: int,
) -> None:
    body: dict[str, Any] = {"pipeline": str(pipeline.pk)} if stored else {"name": "Other"}
    if fields:
        body |= {"config": pipeline.config, "default_params": {"min_amount": 1}}
    answer = api_as(f"pipelines.{permission}").post(f"{URL}/{action}", body)
    assert answer.status_code == status


def test_a_pipeline_that_is_not_there_is_not_checked(api: APIClient) -> None:
    body = {"pipeline": "00000000-0000-0000-0000-000000000001"}
    assert api.post(f"{URL}/check", body).status_code == 404
    assert api.post(f"{URL}/check", {"pipeline": "x"}).status_code == 400
    assert api.post(f"{URL}/check", [1]).status_code == 400


def test_the_code_of_what_is_drawn_is_that_of_the_next_revision(
    api: APIClient, pipeline: Pipeline, graph: dict[str, Any]
) -> None:
    same = api.post(f"{URL}/code", {"pipeline": str(pipeline.pk), "config": graph}).json()
    assert "revision:1" in same["code"]
    graph["nodes"][1]["config"]["condition"] = "amount > 77"
    other = api.post(f"{URL}/code", {"pipeline": str(pipeline.pk), "config": graph}).json()
    assert "revision:2" in other["code"]
    assert "amount > 77" in other["code"]
    assert pipeline.revisions.count() == 1


def test_code_is_refused_with_every_problem(api: APIClient, graph: dict[str, Any]) -> None:
    graph["nodes"][1]["config"] = {}
    answer = api.post(f"{URL}/code", {"config": graph, "schedule": "often"})
    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == {
        *("name", "schedule", "config.condition")
    }


def test_the_code_of_a_new_pipeline(api: APIClient, graph: dict[str, Any]) -> None:
    answer = api.post(f"{URL}/code", {"name": "New", "config": graph})
    assert answer.status_code == 200
    compile(answer.json()["code"], "dag", "exec")


def test_a_schedule_in_words_and_times(api: APIClient) -> None:
    asked = {"cron": "0 6 * * 1-5", "timezone": "Europe/Paris", "language": "fr"}
    found = api.get("/api/v1/schedule", asked).json()
    assert found["words"] == "À 06:00, de lundi à vendredi"
    assert len(found["next"]) == 5
    assert all("T06:00:00+0" in moment for moment in found["next"])


def test_a_bad_schedule_is_explained(api: APIClient) -> None:
    answer = api.get("/api/v1/schedule", {"cron": "0 6 * *", "timezone": "Mars"})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["schedule", "timezone"]
    assert api.get("/api/v1/schedule", {"cron": "@daily", "language": "xx"}).status_code == 400


def test_no_schedule_means_by_hand(api: APIClient) -> None:
    assert api.get("/api/v1/schedule", {"cron": ""}).json() == {
        "words": "Only when someone executes it",
        "next": [],
    }


def test_a_check_of_twenty_nodes_is_quick_once_it_was_made(
    api: APIClient, save: Save, graph: dict[str, Any]
) -> None:
    """Far looser than what is measured (docs/benchmarks.md), so that it fails on a real change."""
    chain = graph_of(20)
    checked(api, config=chain)
    chain["nodes"][-2]["config"]["rows"] = 7
    started = time.monotonic()
    assert checked(api, config=chain)["valid"]
    assert time.monotonic() - started < 0.5


def graph_of(count: int) -> dict[str, Any]:
    ids = ["read", *(f"limit_{number}" for number in range(count - 2)), "write"]
    steps = [
        {"id": node_id, "module": "transform.limit", "config": {"rows": 5}} for node_id in ids[1:-1]
    ]
    return {
        "nodes": [
            {"id": "read", "module": "extract.csv", "config": {"path": "orders.csv"}},
            *steps,
            {"id": "write", "module": "load.csv", "config": {"path": "out.csv"}},
        ],
        "edges": [{"source": source, "target": target} for source, target in pairwise(ids)],
    }


def test_a_graph_that_is_too_large_is_refused_at_once(api: APIClient) -> None:
    began = time.monotonic()
    found = check(api, config=graph_of(1001))
    assert [error["message"] for error in found["errors"]] == [
        "The graph has 1001 nodes, and a pipeline can have at most 1000. "
        "Split it into several pipelines."
    ]
    assert time.monotonic() - began < 2


@pytest.mark.slow
def test_columns_of_a_large_graph_come_bit_by_bit(
    api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unsaved, "remembered", SchemaMemory())
    monkeypatch.setattr(unsaved, "_FOLLOW", 0.05)
    graph = graph_of(30)
    first = check(api, config=graph)
    assert not first["complete"]
    assert checked(api, config=graph)["columns"]["write"]["in"]["input"] is not None


def test_a_body_that_is_too_large_says_so(api: APIClient) -> None:
    answer = api.post(f"{URL}/check", {"description": "x" * 3_000_000})
    assert answer.status_code == 413
    assert answer.json()["detail"] == "The body is larger than 2.6 MB. Send less at once."


@pytest.mark.parametrize("timeout", [10**400, -(10**400)])
def test_a_number_that_no_float_holds_is_a_problem_like_any_other(
    api: APIClient, timeout: int
) -> None:
    found = check(api, timeout=timeout)
    assert "timeout" in {error["field"] for error in found["errors"]}
