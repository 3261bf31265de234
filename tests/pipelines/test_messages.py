"""Messages: kept in English with what they are made of, shown in the reader's language."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.utils.translation import override
from rest_framework.test import APIClient

from etl.errors import ConfigError
from etl.messages import Message, say
from pipelines import messages
from pipelines.messages import as_json, from_json, translated
from pipelines.models import Pipeline
from tests.fake_airflow import FakeAirflow

REASON = say("Airflow is registering revision {number}.", number=3)
FRENCH = "Airflow met en service la révision 3."


def stored(pipeline: Pipeline) -> str:
    """Return what the column holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT deployment_error FROM pipelines_pipeline WHERE id = %s", [pipeline.pk]
        )
        return str(cursor.fetchone()[0])


def kept(pipeline: Pipeline, reason: str) -> str:
    """Return a reason as it is after it was stored."""
    Pipeline.objects.filter(pk=pipeline.pk).update(deployment_error=reason)
    return Pipeline.objects.get(pk=pipeline.pk).deployment_error


def test_a_stored_message_is_translated_for_each_reader(pipeline: Pipeline) -> None:
    reason = kept(pipeline, REASON)

    assert reason == "Airflow is registering revision 3."
    with override("fr"):
        assert translated(reason) == FRENCH
    with override("en"):
        assert translated(reason) == reason


def test_a_message_without_values_is_stored_as_it_reads(pipeline: Pipeline) -> None:
    reason = kept(pipeline, say("Queued in Airflow."))

    assert stored(pipeline) == "Queued in Airflow."
    with override("fr"):
        assert translated(reason) == "En file d\N{RIGHT SINGLE QUOTATION MARK}attente dans Airflow."


@pytest.mark.parametrize("text", ["", "It broke: {path} {", '{"message": 1}', "a\nb"])
def test_a_text_from_elsewhere_is_stored_as_it_is(pipeline: Pipeline, text: str) -> None:
    reason = kept(pipeline, text)

    assert reason == text
    assert stored(pipeline) == text
    with override("fr"):
        assert translated(reason) == text


@pytest.mark.parametrize(
    "text",
    [
        '{"message": "a"',
        '{"message": "cut o',
        '{"message": "Queued in Airflow."}',
        '{"message": "", "wording": ' + "[" * 100_000,
    ],
)
def test_a_text_that_looks_like_a_stored_message_comes_back_as_it_was(
    pipeline: Pipeline, text: str
) -> None:
    reason = kept(pipeline, text)

    assert reason == text
    assert Pipeline.objects.filter(deployment_error=text).exists()
    with override("fr"):
        assert translated(reason) == text


@pytest.mark.parametrize("odd", ["\ud800", "\0"])
def test_what_no_column_and_no_page_can_hold_becomes_a_question_mark(
    pipeline: Pipeline, odd: str
) -> None:
    assert kept(pipeline, f"It broke at {odd}.") == "It broke at ?."
    reason = kept(pipeline, say("Node '{node}' was stopped. {reason}", node=odd, reason=REASON))

    assert reason == f"Node '?' was stopped. {REASON}"
    with override("fr"):
        assert translated(reason).endswith(FRENCH)


def test_a_stored_message_is_found_by_all_of_it(pipeline: Pipeline) -> None:
    kept(pipeline, REASON)

    assert Pipeline.objects.filter(deployment_error=REASON).exists()
    assert not Pipeline.objects.exclude(deployment_error=REASON).exists()
    assert Pipeline.objects.filter(deployment_error__gt="").exists()


def test_json_of_a_message_is_read_again() -> None:
    message = str(ConfigError(REASON, node="read"))

    read = from_json(json.loads(json.dumps(as_json(message))))

    assert read == message
    assert isinstance(read, Message)
    assert read.text == "Node '{node}': {problem}"


@pytest.mark.parametrize("value", [{"message": "it is", "wording": {"text": 1}}, "it is"])
def test_json_with_no_wording_is_the_sentence(value: object) -> None:
    assert from_json(value) == "it is"


def test_the_api_tells_of_a_deployment_in_the_language_asked_for(
    pipeline: Pipeline, api: APIClient, airflow: FakeAirflow
) -> None:
    kept(pipeline, REASON)
    address = f"/api/v1/pipelines/{pipeline.pk}"

    french = api.get(address, headers={"Accept-Language": "fr"}).json()
    english = api.get(address).json()

    assert french["deployment"]["error"] == FRENCH
    assert english["deployment"]["error"] == REASON


def test_the_api_tells_of_problems_of_a_graph_in_the_language_asked_for(
    api: APIClient, airflow: FakeAirflow
) -> None:
    body = {"name": "Sales", "config": {"nodes": [{"id": "a", "module": "extract.csv"}]}}
    headers = {"Accept-Language": "fr"}

    answer = api.post("/api/v1/pipelines/check", body, headers=headers).json()

    [message] = [one["message"] for one in answer["errors"] if one["field"] == "edges"]
    assert message.startswith("N\N{LATIN SMALL LIGATURE OE}ud «")


def test_strings_that_are_no_messages_cost_no_look_for_the_language(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[str] = []
    monkeypatch.setattr(messages, "texts_of", lambda domain: looks.append(domain) or str)

    assert translated("read_orders") == "read_orders"
    assert looks == []
    assert translated(REASON) == REASON
    assert looks == [messages.DOMAIN]
