"""Every row is accounted for: within a node, from node to node, and in what is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from executions import services
from executions.models import PipelineExecution
from executions.services.triggering import trigger_execution
from pipelines.models import Pipeline
from tests.executions.conftest import again, key
from tests.fake_airflow import FakeAirflow, dataset

SPLIT: dict[str, Any] = {
    "nodes": [
        {"id": "read", "module": "extract.csv", "config": {"path": "a.csv"}},
        {
            "id": "by_size",
            "module": "transform.split",
            "config": {"branches": [{"name": "large", "condition": "a > 1"}], "rest": "small"},
        },
        {"id": "write", "module": "load.csv", "config": {"path": "b.csv"}},
        {"id": "other", "module": "load.csv", "config": {"path": "c.csv"}},
    ],
    "edges": [
        {"source": "read", "target": "by_size"},
        {"source": "by_size", "output": "large", "target": "write"},
        {"source": "by_size", "output": "small", "target": "other"},
    ],
}
QUARANTINE = {
    "uri": "/staging/e1/keep/1/_rejected",
    "rows": 2,
    "reasons": [{"reason": "'x' is no INTEGER", "field": "amount", "rows": 2}],
    "data": [{"reason": "'x' is no INTEGER", "record": '{"amount": "x"}'}],
}


def rejecting(rows: int = 3) -> dict[str, Any]:
    result = dataset(rows, rows_in=rows + 2, rows_rejected=2, rows_removed=0, rows_added=0)
    return result | {"rejected": QUARANTINE, "warnings": ["the file grew while it was read"]}


@pytest.fixture
def rejected(running: PipelineExecution, airflow: FakeAirflow) -> PipelineExecution:
    """A success of which two rows were rejected."""
    airflow.finish(*key(running), results={"read": dataset(5), "keep": rejecting()})
    return services.refresh_execution(running)


def started(pipeline: Pipeline) -> PipelineExecution:
    execution = services.start_execution(pipeline)
    trigger_execution(execution.pk)
    return again(execution)


def test_a_node_shows_what_it_removed_added_rejected_and_warns_of(
    rejected: PipelineExecution,
) -> None:
    keep = rejected.tasks.get(node_id="keep")
    assert (keep.rows_removed, keep.rows_added, keep.rows_rejected) == (0, 0, 2)
    assert keep.rejected == QUARANTINE
    assert keep.warnings == ["the file grew while it was read"]


def test_a_success_with_rejected_rows_says_how_many(rejected: PipelineExecution) -> None:
    assert (rejected.status, rejected.rows_rejected, rejected.has_rejected) == ("success", 2, True)


def test_the_sum_of_rejected_rows_is_there_before_the_run_has_ended(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.set_task(*key(running), "read", "success", result=dataset(5))
    airflow.set_task(*key(running), "keep", "success", result=rejecting())
    assert services.refresh_execution(running).rows_rejected == 2


def test_a_failed_node_says_where_its_faulty_rows_are(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.fail(*key(running), "read", {"message": "2 rows are faulty.", "quarantine": QUARANTINE})
    execution = services.refresh_execution(running)
    read = execution.tasks.get(node_id="read")
    assert (read.rejected, read.rows_rejected) == (QUARANTINE, 2)
    assert (execution.status, execution.rows_rejected) == ("failed", 2)


def test_the_numbers_of_a_try_before_are_gone_with_it(
    rejected: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.clear(*key(rejected))
    airflow.set_run(*key(rejected), "running")
    airflow.set_task(*key(rejected), "keep", "success", try_number=2, result=dataset(5))
    services.sync_active()
    keep = rejected.tasks.get(node_id="keep")
    assert (keep.rejected, keep.warnings, keep.rows_removed) == (None, [], None)
    assert again(rejected).rows_rejected == 0


@pytest.mark.parametrize("value", [7, {"uri": None, "rows": 1}, {"uri": "x", "rows": "many"}])
def test_a_quarantine_of_a_foreign_shape_is_left_out(
    running: PipelineExecution, airflow: FakeAirflow, value: object
) -> None:
    airflow.finish(*key(running), results={"keep": dataset() | {"rejected": value}})
    assert services.refresh_execution(running).tasks.get(node_id="keep").rejected is None


def test_rows_that_are_lost_between_two_nodes_fail_the_execution(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.finish(*key(running), results={"read": dataset(5), "keep": dataset(4)})
    execution = services.refresh_execution(running)
    assert execution.status == "failed"
    assert "Node 'keep': it took in 4 rows, but what feeds it gave 5" in execution.error_message
    assert "Node 'write': it took in 3 rows, but what feeds it gave 4" in execution.error_message


def test_a_node_whose_own_account_does_not_close_fails_the_execution(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    keep = dataset(3, rows_in=5, rows_rejected=1, rows_removed=0, rows_added=0)
    airflow.finish(*key(running), results={"read": dataset(5), "keep": keep})
    execution = services.refresh_execution(running)
    assert execution.status == "failed"
    assert "Node 'keep': its rows do not add up: 5 came in" in execution.error_message
    assert "so 1 are missing" in execution.error_message


def test_numbers_that_are_not_known_claim_nothing(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.finish(*key(running), results={"read": {"metrics": {}}, "keep": dataset(3)})
    assert services.refresh_execution(running).status == "success"


def several(large: int, small: int) -> dict[str, Any]:
    named = {"large": dataset(large), "small": dataset(small)}
    return dataset(large + small) | {"uri": None, "data": [], "outputs": named}


def test_a_node_takes_in_what_the_output_before_it_gave(
    make_pipeline: Callable[..., Pipeline], airflow: FakeAirflow
) -> None:
    pipeline = make_pipeline("split", SPLIT)
    results = {"read": dataset(5), "by_size": several(2, 3), "write": dataset(2)}
    good, bad = started(pipeline), started(pipeline)
    airflow.finish(*key(good), results={**results, "other": dataset(3)})
    airflow.finish(*key(bad), results={**results, "other": dataset(2)})
    assert services.refresh_execution(good).status == "success"
    assert "('by_size.small' 3)" in services.refresh_execution(bad).error_message


def test_each_named_output_is_shown_with_its_rows(
    make_pipeline: Callable[..., Pipeline], airflow: FakeAirflow, client: Client, admin_user: Any
) -> None:
    execution = started(make_pipeline("split", SPLIT))
    airflow.finish(
        *key(execution),
        results={
            "read": dataset(5),
            "by_size": several(2, 3),
            "write": dataset(2),
            "other": dataset(3),
        },
    )
    services.refresh_execution(execution)
    client.force_login(admin_user)
    place = f"/admin/executions/pipelineexecution/{execution.pk}"
    assert f"{place}/nodes/by_size/sample/" in client.get(f"{place}/change/").content.decode()
    shown = client.get(f"{place}/nodes/by_size/sample/").content.decode()
    assert "large: the first 2 of 2 rows" in shown
    assert "small: the first 3 of 3 rows" in shown


def test_a_sample_shows_numbers_as_they_are_in_every_language(
    make_pipeline: Callable[..., Pipeline], airflow: FakeAirflow, client: Client, admin_user: Any
) -> None:
    execution = started(make_pipeline())
    read = dataset(1) | {"data": [{"id": 10.5}]}
    airflow.finish(*key(execution), results={"read": read})
    services.refresh_execution(execution)
    client.force_login(admin_user)
    place = f"/admin/executions/pipelineexecution/{execution.pk}/nodes/read/sample/"

    shown = client.get(place, headers={"Accept-Language": "fr"}).content.decode()

    assert "<td>10.5</td>" in shown


def test_executions_with_rejected_rows_are_found_over_the_api(
    rejected: PipelineExecution, pipeline: Pipeline, api: APIClient, permit: Callable[..., None]
) -> None:
    permit("view_pipelineexecution")
    other = services.start_execution(pipeline)

    def found(value: str) -> list[str]:
        answer = api.get("/api/v1/executions", {"has_rejected": value}).json()
        return [item["id"] for item in answer["results"]]

    assert (found("true"), found("false")) == ([str(rejected.pk)], [str(other.pk)])
    body = api.get(f"/api/v1/executions/{rejected.pk}").json()
    assert (body["has_rejected"], body["rows_rejected"]) == (True, 2)
    assert body["tasks"][1]["rejected"] == QUARANTINE


def test_the_admin_warns_of_a_success_with_rejected_rows(
    rejected: PipelineExecution, pipeline: Pipeline, client: Client, admin_user: Any
) -> None:
    client.force_login(admin_user)
    place = "/admin/executions/pipelineexecution/"
    badge = '<span class="badge badge-warning">2 rejected</span>'
    assert badge in client.get(place).content.decode()
    shown = client.get(f"{place}{rejected.pk}/change/").content.decode()
    assert badge in shown
    assert "the file grew while it was read" in shown
    services.start_execution(pipeline)
    for value, count in (("true", 1), ("false", 1)):
        listed = client.get(place, {"has_rejected": value}).context["cl"].result_count
        assert listed == count
