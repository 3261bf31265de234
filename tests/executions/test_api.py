"""Executions over REST: who may, what comes back, in which shape things are refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from executions import services
from executions.models import PipelineExecution
from pipelines.models import Pipeline, PipelineRevision
from tests.executions.conftest import NODES, again, key
from tests.fake_airflow import FakeAirflow

LIST = "/api/v1/executions"
VIEW = "view_pipelineexecution"
CANCEL = "cancel_pipelineexecution"


def url(execution: PipelineExecution, action: str = "") -> str:
    return f"{LIST}/{execution.pk}{'/' if action else ''}{action}"


@pytest.fixture
def viewer(api: APIClient, permit: Callable[..., None]) -> APIClient:
    permit(VIEW)
    return api


@pytest.mark.parametrize(
    ("method", "action"),
    [("get", ""), ("post", "monitor"), ("post", "cancel"), ("get", "logs"), ("get", "lineage")],
)
def test_every_endpoint_asks_for_a_login_and_for_a_permission(
    running: PipelineExecution, api: APIClient, method: str, action: str
) -> None:
    anonymous = getattr(APIClient(), method)(url(running, action))
    assert (anonymous.status_code, anonymous.json()["type"]) == (401, "not-authenticated")
    forbidden = getattr(api, method)(url(running, action))
    assert (forbidden.status_code, forbidden.json()["type"]) == (403, "permission-denied")


def test_viewing_does_not_allow_cancelling(running: PipelineExecution, viewer: APIClient) -> None:
    assert viewer.post(url(running, "cancel")).status_code == 403
    assert again(running).cancel_requested_at is None


def test_an_execution_is_read_with_its_nodes(
    running: PipelineExecution, airflow: FakeAirflow, viewer: APIClient
) -> None:
    airflow.finish(*key(running))
    services.refresh_execution(running)
    body = viewer.get(url(running)).json()
    assert body["id"] == str(running.pk)
    assert (body["status"], body["revision"], body["triggered_by"]) == ("success", 1, None)
    assert [task["node_id"] for task in body["tasks"]] == NODES
    assert body["tasks"][0]["rows_out"] == 3
    assert body["tasks"][0]["output"]["columns"] == ["id"]


def test_a_trailing_slash_makes_no_difference(
    running: PipelineExecution, viewer: APIClient
) -> None:
    assert viewer.get(url(running) + "/").json() == viewer.get(url(running)).json()
    assert viewer.post(url(running, "monitor") + "/").status_code == 200


def test_an_execution_of_a_deleted_pipeline_is_still_read(
    running: PipelineExecution, viewer: APIClient
) -> None:
    Pipeline.objects.all().delete()
    body = viewer.get(url(running)).json()
    assert (body["pipeline"], body["pipeline_name"], body["revision"]) == (None, "orders", 1)


@pytest.mark.parametrize("wrong", ["58fb57bc-577c-429c-b607-ca1972dc4d72", "no-uuid"])
def test_an_unknown_execution_is_not_found(viewer: APIClient, wrong: str) -> None:
    answer = viewer.get(f"{LIST}/{wrong}")
    assert (answer.status_code, answer.json()["type"]) == (404, "not-found")


def test_lists_come_in_pages_the_newest_first(pipeline: Pipeline, viewer: APIClient) -> None:
    made = [str(services.start_execution(pipeline).pk) for _ in range(5)]
    page = viewer.get(LIST, {"page_size": 2}).json()
    listed = [item["id"] for item in page["results"]]
    while page["next"]:
        page = viewer.get(page["next"]).json()
        listed += [item["id"] for item in page["results"]]
    assert listed == made[::-1]


def test_a_list_costs_the_same_queries_for_any_length(
    pipeline: Pipeline, viewer: APIClient, user: Any, django_assert_num_queries: Any
) -> None:
    services.start_execution(pipeline, user=user)
    viewer.get(LIST)
    with CaptureQueriesContext(connection) as few:
        viewer.get(LIST)
    for _ in range(10):
        services.start_execution(pipeline, user=user)
    with django_assert_num_queries(len(few)):
        assert len(viewer.get(LIST).json()["results"]) == 11


def test_lists_are_filtered(make_pipeline: Callable[..., Pipeline], viewer: APIClient) -> None:
    one, two = make_pipeline("one"), make_pipeline("two")
    a = services.start_execution(one, trigger_type="api")
    b = services.start_execution(two)
    services.request_cancel(b, None)
    PipelineExecution.objects.filter(pk=a.pk).update(created_at=timezone.now() - timedelta(days=2))
    yesterday = (timezone.now() - timedelta(days=1)).isoformat()

    def found(**query: Any) -> set[str]:
        return {item["id"] for item in viewer.get(LIST, query).json()["results"]}

    assert found(status="cancelled") == {str(b.pk)}
    assert found(status=["cancelled", "pending"]) == {str(a.pk), str(b.pk)}
    assert found(pipeline=str(one.pk)) == {str(a.pk)}
    assert found(trigger_type="api") == {str(a.pk)}
    assert found(created_after=yesterday) == {str(b.pk)}
    assert found(created_before=yesterday) == {str(a.pk)}
    assert found(search="two") == {str(b.pk)}


def test_a_filter_with_a_wrong_value_is_refused_by_name(viewer: APIClient, db: None) -> None:
    answer = viewer.get(LIST, {"status": "done"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "status"


def test_monitoring_asks_airflow_now(
    running: PipelineExecution, airflow: FakeAirflow, viewer: APIClient
) -> None:
    airflow.finish(*key(running))
    answer = viewer.post(url(running, "monitor"))
    assert (answer.status_code, answer.json()["status"]) == (200, "success")
    assert {task["status"] for task in answer.json()["tasks"]} == {"success"}


def test_monitoring_while_airflow_is_down_says_so(
    running: PipelineExecution, airflow: FakeAirflow, viewer: APIClient
) -> None:
    airflow.outage = "Airflow cannot be reached."
    answer = viewer.post(url(running, "monitor"))
    assert answer.status_code == 503
    assert answer.json()["type"] == "airflow-unavailable"
    assert "Airflow cannot be reached." in answer.json()["detail"]


def test_a_log_that_went_with_its_run_is_told_with_what_is_left(
    running: PipelineExecution, airflow: FakeAirflow, viewer: APIClient
) -> None:
    airflow.forget_run(*key(running))
    viewer.post(url(running, "monitor"))
    assert viewer.get(url(running, "logs")).status_code == 200
    answer = viewer.get(url(running, "logs"), {"node": "read"})
    assert (answer.status_code, answer.json()["type"]) == (404, "log-gone")
    assert "execute the pipeline again for a new log" in answer.json()["detail"]


def test_cancelling_is_accepted_with_its_author(
    running: PipelineExecution, viewer: APIClient, permit: Callable[..., None]
) -> None:
    permit(CANCEL)
    answer = viewer.post(url(running, "cancel"))
    assert answer.status_code == 202
    assert answer.json()["status"] == "running"
    assert answer.json()["cancel_requested_by"] == "ann"


def test_who_may_cancel_but_not_view_is_told_the_status_and_no_more(
    running: PipelineExecution, api: APIClient, permit: Callable[..., None]
) -> None:
    permit(CANCEL)
    answer = api.post(url(running, "cancel"))
    assert (answer.status_code, answer.json()) == (
        202,
        {"id": str(running.pk), "status": "running"},
    )
    assert again(running).cancel_requested_at is not None


@pytest.mark.parametrize("action", ["monitor", "cancel"])
def test_fields_that_would_change_nothing_are_refused_by_name(
    running: PipelineExecution, viewer: APIClient, permit: Callable[..., None], action: str
) -> None:
    permit(CANCEL)
    answer = viewer.post(url(running, action), {"force": True})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["force"]
    assert again(running).cancel_requested_at is None
    assert viewer.post(url(running, action), {}).status_code in {200, 202}


def test_cancelling_what_has_ended_is_a_conflict(
    running: PipelineExecution,
    airflow: FakeAirflow,
    viewer: APIClient,
    permit: Callable[..., None],
) -> None:
    permit(CANCEL)
    airflow.finish(*key(running))
    services.refresh_execution(running)
    answer = viewer.post(url(running, "cancel"))
    assert (answer.status_code, answer.json()["type"]) == (409, "execution-ended")
    assert set(answer.json()) == {"type", "title", "detail", "errors"}


def test_logs_of_all_nodes_come_node_by_node(
    running: PipelineExecution, airflow: FakeAirflow, viewer: APIClient
) -> None:
    airflow.set_task(*key(running), "read", "running", log=["Reading a.csv"])
    body = viewer.get(url(running, "logs")).json()
    assert body["execution_id"] == str(running.pk)
    assert [(log["node"], log["try"]) for log in body["logs"]] == [
        ("read", 1),
        ("keep", 0),
        ("write", 0),
    ]
    (event,) = body["logs"][0]["events"]
    assert (event["level"], event["message"]) == ("info", "Reading a.csv")
    assert airflow.calls["logs"] == 1


def test_the_log_of_one_try_of_one_node_is_chosen(
    running: PipelineExecution, airflow: FakeAirflow, viewer: APIClient
) -> None:
    run = key(running)
    airflow.set_task(*run, "read", "up_for_retry", log=["first"])
    airflow.set_task(*run, "read", "running", try_number=2, log=["second"])
    services.refresh_execution(running)

    def lines(**query: Any) -> list[str]:
        (log,) = viewer.get(url(running, "logs"), query).json()["logs"]
        return [event["message"] for event in log["events"]]

    assert lines(node="read") == ["second"]
    assert lines(node="read", **{"try": 1}) == ["first"]


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({"node": "nope"}, 404, "Its nodes: read, keep, write."),
        ({"node": "read", "try": 9}, 404, "has no try 9"),
        ({"node": "read", "try": "x"}, 400, "try"),
        ({"node": "read", "try": 0}, 400, "try"),
    ],
)
def test_a_log_that_does_not_exist_is_refused_with_what_does(
    running: PipelineExecution, viewer: APIClient, query: dict[str, Any], status: int, said: str
) -> None:
    answer = viewer.get(url(running, "logs"), query)
    assert answer.status_code == status
    assert said in answer.json()["detail"]


def test_logs_while_airflow_is_down_say_so(
    running: PipelineExecution, airflow: FakeAirflow, viewer: APIClient
) -> None:
    airflow.outage = "Airflow cannot be reached."
    assert viewer.get(url(running, "logs")).status_code == 503


def test_executions_cannot_be_written(running: PipelineExecution, viewer: APIClient) -> None:
    for method in (viewer.put, viewer.patch, viewer.delete):
        assert method(url(running), {}).status_code in {403, 405}
    assert again(running).status == "running"


def test_the_browsable_page_of_an_execution_opens(
    running: PipelineExecution, viewer: APIClient
) -> None:
    answer = viewer.get(url(running), HTTP_ACCEPT="text/html")
    assert answer.status_code == 200
    assert b"Cancel" in answer.content


def test_the_lineage_is_that_of_the_columns_which_this_run_saw(
    running: PipelineExecution, viewer: APIClient
) -> None:
    extractor = running.tasks.order_by("position").first()
    assert extractor is not None
    schema = {"id": "BIGINT", "amount": "DOUBLE"}
    extractor.output = {"columns": ["amount", "id"], "schema": schema}
    extractor.save()

    answer = viewer.get(url(running, "lineage"))

    assert answer.status_code == 200
    first, *_ = answer.json()
    assert first["node"] == extractor.node_id
    assert first["columns"][0] == {
        "name": "amount",
        "type": "DOUBLE",
        "sources": [{"node": extractor.node_id, "column": "amount"}],
    }


def test_the_lineage_of_a_revision_whose_module_is_gone_is_told_without_that_node(
    running: PipelineExecution, viewer: APIClient
) -> None:
    revision = running.revision
    assert revision is not None
    revision.snapshot["config"]["nodes"][0]["module"] = "extract.gone"
    PipelineRevision.objects.filter(pk=revision.pk).update(snapshot=revision.snapshot)

    answer = viewer.get(url(running, "lineage"))

    assert answer.status_code == 200
    assert {output["columns"] for output in answer.json()} == {None}
