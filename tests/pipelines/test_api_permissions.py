"""Who may do what with pipelines over REST."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from pipelines.models import Pipeline
from tests.pipelines.conftest import URL

Sign = Callable[..., APIClient]

pytestmark = pytest.mark.usefixtures("surroundings")


def calls(pipeline: Pipeline) -> list[tuple[str, str, str]]:
    """Return (method, address, the permission that it needs) for all that pipelines offer."""
    one = f"{URL}/{pipeline.pk}"
    return [
        ("get", URL, "pipelines.view_pipeline"),
        ("post", URL, "pipelines.add_pipeline"),
        ("get", one, "pipelines.view_pipeline"),
        ("put", one, "pipelines.change_pipeline"),
        ("patch", one, "pipelines.change_pipeline"),
        ("delete", one, "pipelines.delete_pipeline"),
        ("post", f"{one}/validate", "pipelines.view_pipeline"),
        ("post", f"{one}/execute", "pipelines.execute_pipeline"),
        ("get", f"{one}/dag", "pipelines.view_pipeline"),
        ("get", f"{one}/revisions", "pipelines.view_pipeline"),
        ("get", f"{one}/revisions/1", "pipelines.view_pipeline"),
        ("get", f"{one}/revisions/1/diff", "pipelines.view_pipeline"),
        ("post", f"{one}/revisions/1/restore", "pipelines.change_pipeline"),
    ]


def test_anonymous_requests_get_401_everywhere(pipeline: Pipeline) -> None:
    for method, address, _ in [*calls(pipeline), ("get", "/api/v1/modules", "")]:
        answer = getattr(APIClient(), method)(address)
        assert answer.status_code == 401, address
        assert answer["WWW-Authenticate"] == "Bearer"
        assert answer.json()["type"] == "not-authenticated"


def test_users_without_the_permission_get_403_everywhere(pipeline: Pipeline, api_as: Sign) -> None:
    client = api_as()
    for method, address, _ in calls(pipeline):
        answer = getattr(client, method)(address, HTTP_ACCEPT="application/json")
        assert answer.status_code == 403, address
        assert answer.json()["type"] == "permission-denied"


@pytest.mark.parametrize("number", range(13))
def test_that_one_permission_is_enough(pipeline: Pipeline, api_as: Sign, number: int) -> None:
    method, address, permission = calls(pipeline)[number]
    answer = getattr(api_as(permission), method)(address, {}, HTTP_ACCEPT="application/json")
    assert answer.status_code not in {401, 403}
