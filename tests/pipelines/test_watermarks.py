"""Watermarks in the API and the admin: read, set by hand with a reason, and traced."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from airflow_bridge.errors import DagNotFound
from etl.settings import run_settings
from etl.watermarks.store import PositionStore, Window, watermarked_nodes
from pipelines import services
from pipelines.models import DagRemoval, Pipeline
from tests.fake_airflow import FakeAirflow
from tests.pipelines.conftest import Save

Sign = Callable[..., APIClient]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    folder = str(tmp_path / "state")
    monkeypatch.setenv("LOGIDATA_STATE", folder)
    run_settings.cache_clear()
    yield folder
    run_settings.cache_clear()


@pytest.fixture
def pipeline(state: str, save: Save, graph: dict[str, Any]) -> Pipeline:
    """A pipeline that has read the ids up to 41."""
    graph["nodes"][0]["watermark"] = {"column": "order_id", "initial": 1, "lag": 5}
    graph["nodes"][2] = {
        "id": "write",
        "module": "load.sqlite",
        "config": {"path": "t.sqlite", "table": "orders"},
    }
    saved = save(config=graph)
    window = Window(
        "w1", "read_orders", 0, "order_id", "BIGINT", None, "41", ("write",), "the-execution"
    )
    store_of(saved).loaded(window, "write")
    return saved


def store_of(pipeline: Pipeline) -> PositionStore:
    return PositionStore(run_settings().state, pipeline.dag_id, "read_orders")


def url(pipeline: Pipeline, node: str = "") -> str:
    return f"/api/v1/pipelines/{pipeline.pk}/watermarks{node and f'/{node}'}"


def page(pipeline: Pipeline) -> str:
    return f"/admin/pipelines/pipeline/{pipeline.pk}/watermarks/"


def test_the_list_says_where_each_source_stands_and_how_it_came_there(
    api: APIClient, pipeline: Pipeline
) -> None:
    (found,) = api.get(url(pipeline)).json()
    assert (found["node"], found["column"]) == ("read_orders", "order_id")
    assert (found["initial"], found["lag"]) == (1, 5)
    assert found["position"] == found["history"][0]
    position = found["position"]
    assert (position["value"], position["type"]) == ("41", "BIGINT")
    assert (position["execution_id"], position["set_by"]) == ("the-execution", None)


def test_before_the_first_load_there_is_no_position(
    api: APIClient, state: str, save: Save, graph: dict[str, Any]
) -> None:
    graph["nodes"][0]["watermark"] = {"column": "order_id"}
    graph["nodes"][2]["config"]["path"] = "paid-{{ ts_nodash }}.csv"
    (found,) = api.get(url(save(config=graph))).json()
    assert found["position"] is None
    assert found["history"] == []


@pytest.mark.parametrize(("value", "kept"), [(30, "30"), ("30", "30"), (None, None)])
def test_setting_it_is_kept_with_who_and_why(
    api: APIClient, pipeline: Pipeline, value: object, kept: str | None
) -> None:
    answer = api.post(url(pipeline, "read_orders"), {"value": value, "reason": "bad day"})
    assert answer.status_code == 200
    newest, first = answer.json()["history"]
    assert (newest["value"], newest["set_by"], newest["reason"]) == (kept, "root", "bad day")
    assert first["value"] == "41"
    assert store_of(pipeline).current().value == kept
    entry = LogEntry.objects.get()
    shown = "the beginning" if kept is None else "'30'"
    assert entry.user.username == "root"
    assert entry.object_id == str(pipeline.pk)
    assert entry.get_change_message().startswith("Set the watermark of 'read_orders' from '41' to ")
    assert "bad day" in entry.get_change_message()
    assert shown.strip("'") in entry.get_change_message()


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ({"value": "yesterday", "reason": "x"}, "value", "'yesterday' is no BIGINT"),
        ({"value": "", "reason": "x"}, "value", "Write a value to go on from"),
        ({"value": True, "reason": "x"}, "value", "a text or a number"),
        ({"value": [1], "reason": "x"}, "value", "a text or a number"),
        ({"value": 1, "reason": " "}, "reason", ""),
        ({"value": 1}, "reason", ""),
        ({"reason": "x"}, "value", ""),
        ({"value": 1, "reason": "x" * 1001}, "reason", ""),
        ({"value": "x" * 501, "reason": "x"}, "value", "500 characters"),
        ({"value": "1\0", "reason": "x"}, "value", "Null characters"),
    ],
)
def test_what_cannot_be_a_position_changes_nothing(
    api: APIClient, pipeline: Pipeline, body: dict[str, Any], field: str, said: str
) -> None:
    answer = api.post(url(pipeline, "read_orders"), body)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert said in error["message"]
    assert store_of(pipeline).current().value == "41"
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("node", ["write", "nobody"])
def test_a_node_without_one_is_not_found(api: APIClient, pipeline: Pipeline, node: str) -> None:
    answer = api.post(url(pipeline, node), {"value": 1, "reason": "x"})
    assert answer.status_code == 404
    assert answer.json()["type"] == "no-such-watermark"


def test_half_a_character_cannot_be_a_position(api: APIClient, pipeline: Pipeline) -> None:
    body = '{"value": "\\ud800", "reason": "x"}'
    answer = api.post(url(pipeline, "read_orders"), body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "value"


def test_setting_it_needs_its_own_permission(api_as: Sign, pipeline: Pipeline) -> None:
    may_change = api_as("pipelines.view_pipeline", "pipelines.change_pipeline")
    assert may_change.get(url(pipeline)).status_code == 200
    body = {"value": 1, "reason": "x"}
    assert may_change.post(url(pipeline, "read_orders"), body).status_code == 403
    assert store_of(pipeline).current().value == "41"


def test_who_may_set_it_may(api_as: Sign, pipeline: Pipeline) -> None:
    may_set = api_as("pipelines.set_watermark")
    body = {"value": 1, "reason": "x"}
    assert may_set.post(url(pipeline, "read_orders"), body).status_code == 200


def test_strangers_see_nothing(pipeline: Pipeline) -> None:
    assert APIClient().get(url(pipeline)).status_code == 401
    assert APIClient().post(url(pipeline, "read_orders"), {}).status_code == 401


def test_a_state_that_cannot_be_reached_is_said(
    api: APIClient, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGIDATA_STATE", "nowhere://at/all")
    run_settings.cache_clear()
    answer = api.get(url(pipeline))
    assert answer.status_code == 503
    assert "LOGIDATA_STATE" in answer.json()["detail"]


def test_the_page_shows_history_and_the_form(browser: Client, pipeline: Pipeline) -> None:
    text = browser.get(page(pipeline)).content.decode()
    assert "The next execution goes on from <b>41</b>." in text
    assert "execution the-execution" in text
    assert "Set the watermark" in text
    change = browser.get(f"/admin/pipelines/pipeline/{pipeline.pk}/change/").content.decode()
    assert page(pipeline) in change


def test_the_page_leads_to_the_execution_that_reached_a_position(
    browser: Client, pipeline: Pipeline
) -> None:
    execution = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
    window = Window("w2", "read_orders", 1, "order_id", "BIGINT", "41", "50", ("write",), execution)
    store_of(pipeline).loaded(window, "write")
    text = browser.get(page(pipeline)).content.decode()
    assert f'/admin/executions/pipelineexecution/{execution}/change/">execution' in text
    assert "It looks again 5 behind it" in text
    store_of(pipeline).set("7", by="ann", reason="x", column="order_id")
    # No lag reaches below what was set by hand.
    assert "It looks again" not in browser.get(page(pipeline)).content.decode()


def test_the_page_names_nodes_that_have_none_any_more(browser: Client, pipeline: Pipeline) -> None:
    PositionStore(run_settings().state, pipeline.dag_id, "old_name").set(
        "5", by="ann", reason="x", column="order_id"
    )
    text = browser.get(page(pipeline)).content.decode()
    assert "no watermark now, or another id: old_name." in text


def test_the_form_sets_it(browser: Client, pipeline: Pipeline) -> None:
    answer = browser.post(
        page(pipeline),
        {"node": "read_orders", "read_orders-value": "7", "read_orders-reason": "again"},
        follow=True,
    )
    assert "The next execution reads &#x27;read_orders&#x27; from 7." in answer.content.decode()
    assert "set by boss" in answer.content.decode()
    assert store_of(pipeline).current().value == "7"
    history = browser.get(f"/admin/pipelines/pipeline/{pipeline.pk}/history/").content.decode()
    assert "Set the watermark of &#x27;read_orders&#x27;" in history


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"value": "7"}, "This field is required"),
        ({"value": "x", "reason": "y"}, "is no BIGINT"),
        ({"reason": "y"}, "one of them"),
        ({"value": "7", "beginning": "on", "reason": "y"}, "one of them"),
    ],
)
def test_the_form_says_what_is_wrong(
    browser: Client, pipeline: Pipeline, fields: dict[str, str], said: str
) -> None:
    sent = {f"read_orders-{name}": value for name, value in fields.items()}
    text = browser.post(page(pipeline), {"node": "read_orders", **sent}).content.decode()
    assert said in text
    assert store_of(pipeline).current().value == "41"


def test_the_page_is_for_who_may_see_and_the_form_for_who_may_set(
    person: Callable[..., User], pipeline: Pipeline
) -> None:
    viewer = Client()
    viewer.force_login(person("pipelines.view_pipeline"))
    assert "Set the watermark" not in viewer.get(page(pipeline)).content.decode()
    sent = {"node": "read_orders", "read_orders-value": "7", "read_orders-reason": "x"}
    assert viewer.post(page(pipeline), sent).status_code == 403
    other = Client()
    other.force_login(person("executions.view_pipelineexecution", username="bob"))
    assert other.get(page(pipeline)).status_code == 403


def test_positions_go_with_their_pipeline(
    pipeline: Pipeline, airflow: FakeAirflow, state: str
) -> None:
    dag_id = pipeline.dag_id
    services.delete_pipeline(pipeline)
    assert watermarked_nodes(state, dag_id) == ["read_orders"]
    with pytest.raises(DagNotFound):
        airflow.get_dag(dag_id)
    assert services.remove_dag(dag_id)
    assert watermarked_nodes(state, dag_id) == []
    assert not DagRemoval.objects.exists()
