"""The REST API as a browser shows it, and its forms."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from pipelines.models import Pipeline
from tests.pipelines.conftest import URL

pytestmark = pytest.mark.usefixtures("surroundings")


def test_the_browsable_apis_form_starts_an_execution(api: APIClient, pipeline: Pipeline) -> None:
    answer = api.post(
        f"{URL}/{pipeline.pk}/execute",
        {"params": "{}", "trigger_type": "api", "csrfmiddlewaretoken": "x"},
        format="multipart",
        HTTP_ACCEPT="text/html",
    )
    assert answer.status_code == 202


def test_the_browsable_api_draws_a_form(api: APIClient, pipeline: Pipeline) -> None:
    for address in (URL, f"{URL}/{pipeline.pk}", f"{URL}/{pipeline.pk}/execute", "/api/v1"):
        page = api.get(address, HTTP_ACCEPT="text/html")
        assert page.status_code in {200, 405}
        assert "text/html" in page["Content-Type"]


def test_the_browsable_apis_form_can_be_sent(api: APIClient, graph: dict[str, Any]) -> None:
    answer = api.post(
        URL,
        {
            "name": "By form",
            "config": json.dumps(graph),
            "default_params": '{"min_amount": 1}',
            "tags": "[]",
            "schedule": "",
            "timezone": "UTC",
            "is_active": "true",
            "csrfmiddlewaretoken": "x",
        },
        format="multipart",
        HTTP_ACCEPT="text/html",
    )
    assert answer.status_code == 201
    assert Pipeline.objects.get().config == graph
