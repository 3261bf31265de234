"""Replays over the API and in the admin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from executions.models import PipelineExecution

pytestmark = pytest.mark.slow


@pytest.fixture
def operator(api: APIClient, permit: Callable[..., None]) -> APIClient:
    permit("view_pipelineexecution", "execute_pipeline")
    return api


def replay_url(execution: PipelineExecution) -> str:
    return f"/api/v1/executions/{execution.pk}/replay"


def test_replaying_over_the_api_is_for_those_who_may_execute(
    quarantined: PipelineExecution, api: APIClient, permit: Callable[..., None]
) -> None:
    body = {"node": "cast"}
    assert APIClient().post(replay_url(quarantined), body, "json").status_code == 401
    permit("view_pipelineexecution")
    assert api.post(replay_url(quarantined), body, "json").status_code == 403
    assert not quarantined.replays.exists()


def test_a_replay_over_the_api_answers_with_its_execution(
    quarantined: PipelineExecution, operator: APIClient
) -> None:
    body = {"node": "cast", "records": {"0": {"amount": 2}}}
    answer = operator.post(replay_url(quarantined), body, "json")
    assert answer.status_code == 202, answer.json()
    assert set(answer.json()) == {"task_id", "execution_id", "status", "warnings"}
    replay = operator.get(f"/api/v1/executions/{answer.json()['execution_id']}").json()
    assert (replay["replay_of"], replay["replay_node"]) == (str(quarantined.pk), "cast")
    first = operator.get(f"/api/v1/executions/{quarantined.pk}").json()
    assert [item["id"] for item in first["replays"]] == [replay["id"]]


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({}, 400, "invalid"),
        ({"node": "read"}, 404, "nothing-rejected"),
        ({"node": "cast", "records": {"0": {"amount": []}}}, 400, "invalid-corrections"),
        ({"node": "cast", "records": [1]}, 400, "invalid-corrections"),
    ],
)
def test_a_wrong_replay_is_refused(
    quarantined: PipelineExecution, operator: APIClient, body: Any, status: int, kind: str
) -> None:
    answer = operator.post(replay_url(quarantined), body, "json")
    assert (answer.status_code, answer.json()["type"]) == (status, kind)


def test_a_second_replay_over_the_api_is_a_conflict_that_says_how(
    quarantined: PipelineExecution, operator: APIClient
) -> None:
    operator.post(replay_url(quarantined), {"node": "cast"}, "json")
    answer = operator.post(replay_url(quarantined), {"node": "cast"}, "json")
    assert (answer.status_code, answer.json()["type"]) == (409, "already-replayed")
    assert '"again": true' in answer.json()["detail"]
    body = {"node": "cast", "again": True}
    assert operator.post(replay_url(quarantined), body, "json").status_code == 202


def test_the_admin_replays_rows_for_those_who_may_execute(
    quarantined: PipelineExecution, client: Client, user: Any, permit: Callable[..., None]
) -> None:
    page = f"/admin/executions/pipelineexecution/{quarantined.pk}/nodes/cast/quarantine/"
    client.force_login(user)
    permit("view_pipelineexecution")
    assert b"Replay these rows" not in client.get(page).content
    assert client.post(f"{page}replay/").status_code == 403
    permit("execute_pipeline")
    assert b"Replay these rows" in client.get(page).content
    assert client.get(f"{page}replay/").status_code == 405
    shown = client.post(f"{page}replay/", follow=True).content.decode()
    assert "the rows that cast rejected in" in shown
    assert "These rows were replayed before" in client.get(page).content.decode()
    refused = client.post(f"{page}replay/", follow=True).content.decode()
    assert "Once more may load them twice" in refused
    client.post(f"{page}replay/", {"again": "on"})
    assert quarantined.replays.count() == 2
    first = f"/admin/executions/pipelineexecution/{quarantined.pk}/change/"
    assert "Replayed by" in client.get(first).content.decode()
