"""How an execution stands, as its page reads it, and what the page reads beside that."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.renderers import JSONRenderer
from rest_framework.test import APIClient

from executions import services
from executions.models import PipelineExecution
from executions.serializers import ExecutionDetailSerializer
from executions.services.live import live_state
from tests.executions.conftest import GRAPH, key, some_id
from tests.fake_airflow import FakeAirflow, dataset

LEFT_OUT = {"output", "rejected"}
BESIDE = {"is_active", "may_still_run", "progress", "possible", "actions", "server_time"}
BESIDE_A_NODE = {"has_sample", "has_rejected", "outputs", "columns", "run_tries"}


@pytest.fixture
def viewer(api: APIClient, permit: Callable[..., None]) -> APIClient:
    permit("view_pipelineexecution")
    return api


def state_of(execution: PipelineExecution, user: Any = None) -> dict[str, Any]:
    state = live_state(execution.pk, user)
    assert state is not None
    return state


def test_a_state_is_what_the_api_tells_without_the_rows(
    running: PipelineExecution, airflow: FakeAirflow, user: Any
) -> None:
    airflow.fail(*key(running), "read", error={"message": "Node 'read': no such file."})
    execution = services.refresh_execution(running)
    services.retry_execution(execution, user)
    data = ExecutionDetailSerializer(PipelineExecution.objects.get(pk=execution.pk)).data
    told = json.loads(JSONRenderer().render(data))
    state = state_of(execution)
    assert set(state) == {*told, *BESIDE}
    assert {name: state[name] for name in told if name not in {"tasks", "attempts"}} == {
        name: value for name, value in told.items() if name not in {"tasks", "attempts"}
    }
    assert state["attempts"] == told["attempts"]
    for node, same in zip(state["tasks"], told["tasks"], strict=True):
        assert set(node) == {*same, *BESIDE_A_NODE} - LEFT_OUT
        assert {name: node[name] for name in same if name not in LEFT_OUT} == {
            name: value for name, value in same.items() if name not in LEFT_OUT
        }


def test_of_an_output_it_is_told_how_large_it_is(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    two = {
        **dataset(5),
        "columns": ["a", "b"],
        "data": [{"a": 1, "b": 2}],
        "outputs": {"paid": {"shape": [3, 2]}, "open": {"shape": [2, 2]}},
    }
    airflow.finish(*key(running), results={"read": two, "keep": {"columns": None}})
    read, keep, _ = state_of(services.refresh_execution(running))["tasks"]
    assert (read["has_sample"], read["columns"]) == (True, 2)
    assert read["outputs"] == {"paid": 3, "open": 2}
    assert (keep["has_sample"], keep["columns"], keep["outputs"]) == (False, None, None)


def test_the_progress_counts_the_nodes_that_have_ended(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.set_task(*key(running), "read", "success", result=dataset())
    state = state_of(services.refresh_execution(running))
    assert state["progress"] == {"done": 1, "total": 3}
    assert (state["is_active"], state["may_still_run"]) == (True, True)


@pytest.mark.parametrize(
    ("codename", "actions"),
    [
        ("view_pipelineexecution", set()),
        ("cancel_pipelineexecution", {"cancel"}),
        ("execute_pipeline", set()),
    ],
)
def test_what_a_user_may_do_with_one_that_runs(
    running: PipelineExecution,
    user: Any,
    permit: Callable[..., None],
    codename: str,
    actions: set[str],
) -> None:
    permit(codename)
    may = state_of(running, user)["actions"]
    assert {action for action, allowed in may.items() if allowed} == actions


def test_there_is_no_state_of_no_execution(db: None) -> None:
    assert live_state(some_id()) is None


def test_a_state_costs_as_many_queries_for_many_nodes_and_attempts(
    running: PipelineExecution, airflow: FakeAirflow, user: Any
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            live_state(running.pk)
        return len(found)

    before = queries()
    airflow.fail(*key(running), "read")
    services.retry_execution(services.refresh_execution(running), user)
    # The attempt, and who asked for it.
    assert queries() <= before + 1


def test_the_graph_is_that_of_the_revision_that_ran(
    pending: PipelineExecution, viewer: APIClient
) -> None:
    answer = viewer.get(f"/api/v1/executions/{pending.pk}/graph")
    assert answer.status_code == 200
    assert [node["id"] for node in answer.data["nodes"]] == ["read", "keep", "write"]
    assert answer.data["nodes"][0] == {
        "id": "read",
        "name": "Read",
        "module": "extract.csv",
        "position": None,
    }
    assert answer.data["edges"] == [
        {"source": "keep", "target": "write", "port": None, "output": None},
        {"source": "read", "target": "keep", "port": None, "output": None},
    ]


def test_the_graph_stands_where_the_editor_draws_it(
    make_pipeline: Callable[..., Any], viewer: APIClient
) -> None:
    nodes = [
        {**node, "position": {"x": 10 * place, "y": 5}} for place, node in enumerate(GRAPH["nodes"])
    ]
    execution = services.start_execution(make_pipeline(graph={**GRAPH, "nodes": nodes}))
    drawn = viewer.get(f"/api/v1/executions/{execution.pk}/graph").data["nodes"]
    assert [node["position"] for node in drawn] == [{"x": x, "y": 5.0} for x in (0.0, 10.0, 20.0)]


def test_the_graph_of_an_unknown_revision_has_the_nodes_that_ran(
    pending: PipelineExecution, viewer: APIClient
) -> None:
    PipelineExecution.objects.update(revision=None)
    graph = viewer.get(f"/api/v1/executions/{pending.pk}/graph").data
    assert [node["id"] for node in graph["nodes"]] == ["read", "keep", "write"]
    assert graph["edges"] == []


def test_a_node_is_told_in_full(
    running: PipelineExecution, airflow: FakeAirflow, viewer: APIClient
) -> None:
    airflow.finish(*key(running))
    services.refresh_execution(running)
    node = viewer.get(f"/api/v1/executions/{running.pk}/nodes/read").data
    assert node["node_id"] == "read"
    assert node["output"]["data"]
    assert [one["number"] for one in node["run_tries"]] == [1]


@pytest.mark.parametrize("node", ["nothing", "%00"])
def test_a_node_that_there_is_not(pending: PipelineExecution, viewer: APIClient, node: str) -> None:
    answer = viewer.get(f"/api/v1/executions/{pending.pk}/nodes/{node}")
    assert (answer.status_code, answer.data["type"]) == (404, "unknown-node")


def test_a_log_is_downloaded_as_a_text_file(
    running: PipelineExecution, airflow: FakeAirflow, viewer: APIClient
) -> None:
    airflow.set_task(*key(running), "read", "running", log=["first", "password=secret-thing"])
    answer = viewer.get(f"/api/v1/executions/{running.pk}/logs/download?node=read")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["Content-Disposition"] == (
        f'attachment; filename="execution-{running.pk}-read.log"'
    )
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == ["INFO first", "INFO password=***"]


def test_the_logs_of_all_nodes_are_one_file(
    running: PipelineExecution, airflow: FakeAirflow, viewer: APIClient
) -> None:
    airflow.set_task(*key(running), "read", "running", log=["first"])
    answer = viewer.get(f"/api/v1/executions/{running.pk}/logs/download")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert [line for line in lines if line.startswith("===")] == [
        "=== read, try 1 ===",
        "=== keep, try 0 ===",
        "=== write, try 0 ===",
    ]
    assert lines[1].endswith("INFO first")


def test_a_log_that_cannot_be_read_is_an_error_and_no_file(
    running: PipelineExecution, airflow: FakeAirflow, viewer: APIClient
) -> None:
    airflow.outage = "Airflow is away."
    answer = viewer.get(f"/api/v1/executions/{running.pk}/logs/download?node=read")
    assert (answer.status_code, answer.data["type"]) == (503, "airflow-unavailable")


@pytest.mark.parametrize("asked", ["node=nothing", "node=read&try=7"])
def test_a_log_that_there_is_not(running: PipelineExecution, viewer: APIClient, asked: str) -> None:
    answer = viewer.get(f"/api/v1/executions/{running.pk}/logs/download?{asked}")
    assert answer.status_code == 404


@pytest.mark.parametrize("page", ["graph", "nodes/read", "logs/download"])
def test_only_those_who_may_view_executions_are_answered(
    pending: PipelineExecution, api: APIClient, page: str
) -> None:
    assert api.get(f"/api/v1/executions/{pending.pk}/{page}").status_code == 403
