"""What is told of executions in words, in the language of each reader."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from rest_framework.test import APIClient

from etl.errors import ConfigError
from etl.messages import say, wording
from executions import services
from executions.models import PipelineExecution
from executions.transitions import explain_waiting
from tests.executions.conftest import key
from tests.executions.sockets import Page, meanwhile, of, play, session
from tests.fake_airflow import FakeAirflow, dataset

__all__ = ["session"]

REGISTERING = say("Airflow is registering revision {number}.", number=3)
FRENCH = "Airflow met en service la révision 3."
STOPPED = say("Node '{node}' was stopped. {reason}", node="read", reason=say("Queued in Airflow."))


def fail(execution: PipelineExecution, airflow: FakeAirflow) -> PipelineExecution:
    """Have its first node fail, as the operator would leave it in Airflow."""
    error = json.loads(json.dumps(ConfigError(STOPPED, node="read").as_dict()))
    airflow.fail(*key(execution), "read", error=error)
    return services.refresh_execution(execution)


def test_errors_of_nodes_are_told_in_the_language_of_the_caller(
    running: PipelineExecution, airflow: FakeAirflow, api: APIClient, user: Any
) -> None:
    failed = fail(running, airflow)
    user.is_superuser = True
    user.save()
    address = f"/api/v1/executions/{failed.pk}"

    def told(language: str) -> dict[str, Any]:
        answer: dict[str, Any] = api.get(address, headers={"Accept-Language": language}).json()
        return answer

    english, french = told("en"), told("fr")
    assert english["error_message"] == english["tasks"][0]["error"]
    assert english["error_message"] == "Node 'read': Node 'read' was stopped. Queued in Airflow."
    assert french["error_message"] == french["tasks"][0]["error"]
    assert "a été arrêté. En file d" in french["error_message"]


def test_an_earlier_attempt_keeps_what_its_errors_are_made_of(
    running: PipelineExecution, airflow: FakeAirflow, user: Any
) -> None:
    failed = fail(running, airflow)
    services.retry_execution(failed, user)

    with override("fr"):
        state = services.live_state(failed.pk, user)

    assert state is not None
    first = state["attempts"][0]
    assert "a été arrêté" in first["nodes"][0]["error"]
    assert "a été arrêté" in first["error_message"]
    assert state["status_reason"].startswith("Relance demandée")
    json.dumps(state)


def test_warnings_are_told_in_the_language_of_the_reader(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    result = dataset() | {"warnings": [REGISTERING, "of old"], "wordings": [wording(REGISTERING)]}
    airflow.set_task(*key(running), "read", "success", result=json.loads(json.dumps(result)))
    services.refresh_execution(running)

    with override("fr"):
        state = services.live_state(running.pk)

    assert state is not None
    assert state["tasks"][0]["warnings"] == [FRENCH, "of old"]


def test_the_page_tells_it_in_the_language_of_the_browser(
    running: PipelineExecution, airflow: FakeAirflow, client: Client, user: Any
) -> None:
    failed = fail(running, airflow)
    user.is_staff = user.is_superuser = True
    user.save()
    client.force_login(user)
    address = reverse("admin:executions_pipelineexecution_change", args=[failed.pk])

    page = client.get(address, headers={"Accept-Language": "fr"}).content.decode()

    assert "a été arrêté. En file d" in page
    assert "was stopped" not in page


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_each_page_is_told_of_a_change_in_its_language(
    pending: PipelineExecution, session: str
) -> None:
    def wait() -> None:
        explain_waiting(pending.pk, REGISTERING)

    def registering(state: dict[str, Any]) -> bool:
        return "3" in state["status_reason"]

    async def scene() -> list[str]:
        async with (
            Page(of(pending), session, language="fr-FR,fr;q=0.9") as french,
            Page(of(pending), session, language="de,en;q=0.5") as english,
        ):
            await french.state()
            await english.state()
            await meanwhile(wait)()
            seen = [await page.until(registering) for page in (french, english)]
            return [states[-1]["status_reason"] for states in seen]

    assert play(scene) == [FRENCH, REGISTERING]
