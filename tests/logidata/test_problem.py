"""Every error of the API has the one shape."""

from __future__ import annotations

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import OperationalError
from django.test import Client
from rest_framework.test import APIClient

from airflow_bridge.errors import AirflowRefused, AirflowUnavailable
from logidata.problem import exception_handler

SHAPE = {"type", "title", "detail", "errors"}


@pytest.fixture
def signed_in(ann: User) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(ann)
    return client


@pytest.mark.parametrize(
    "address", ["/api", "/api/", "/api/v1/nothing", "/api/v2/pipelines", "/api/v1/nothing/at/all/"]
)
@pytest.mark.parametrize("method", ["get", "post", "delete", "options"])
def test_an_address_that_does_not_exist(signed_in: APIClient, address: str, method: str) -> None:
    answer = getattr(signed_in, method)(address)
    assert answer.status_code == 404
    assert set(answer.json()) == SHAPE


@pytest.mark.parametrize(
    "address",
    ["/api/v1", "/api/v1/nothing", "/api/v1/schema", "/api/v1/docs", "/api/v1/executions"],
)
def test_anonymous_callers_learn_nothing(db: None, anonymous: APIClient, address: str) -> None:
    answer = anonymous.get(address)
    assert answer.status_code == 401
    if address != "/api/v1/docs":
        assert set(answer.json()) == SHAPE


def test_a_method_that_does_not_exist(signed_in: APIClient) -> None:
    answer = signed_in.post("/api/v1/modules")
    assert answer.status_code == 405
    assert answer.json()["type"] == "method-not-allowed"


def test_a_media_type_that_cannot_be_read(signed_in: APIClient) -> None:
    User.objects.update(is_superuser=True)
    signed_in.force_authenticate(User.objects.get())
    answer = signed_in.post("/api/v1/pipelines", "<x/>", content_type="application/xml")
    assert answer.status_code == 415
    assert set(answer.json()) == SHAPE


def test_a_media_type_that_cannot_be_given(signed_in: APIClient) -> None:
    answer = signed_in.get("/api/v1/modules", HTTP_ACCEPT="application/pdf")
    assert answer.status_code == 406
    assert set(answer.json()) == SHAPE


def test_a_fault_of_ours_is_a_500_in_the_shape_without_its_text(
    signed_in: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ValueError("hush")

    monkeypatch.setattr("pipelines.services.module_catalogue", fail)
    answer = signed_in.get("/api/v1/modules")
    assert answer.status_code == 500
    assert set(answer.json()) == SHAPE
    assert "hush" not in answer.content.decode()


def test_a_host_that_is_not_ours_is_a_400_in_the_shape(db: None) -> None:
    answer = Client().get("/api/v1/health", HTTP_HOST="evil.example")
    assert answer.status_code == 400
    assert set(answer.json()) == SHAPE


@pytest.mark.parametrize(
    ("error", "status"), [(AirflowUnavailable("Down."), 503), (AirflowRefused("No."), 502)]
)
def test_an_airflow_that_cannot_is_told_apart_from_one_that_will_not(
    error: Exception, status: int
) -> None:
    answer = exception_handler(error, {})
    assert answer is not None
    assert answer.status_code == status
    assert set(answer.data) == SHAPE


def test_the_schema_and_the_page_to_read_it(signed_in: APIClient) -> None:
    assert signed_in.get("/api/v1/schema").status_code == 200
    page = signed_in.get("/api/v1/docs", HTTP_ACCEPT="text/html").content.decode()
    assert "swagger" in page
    assert "https://cdn" not in page


def test_the_schema_is_generated_without_a_warning(tmp_path: object) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())


def test_a_stranger_who_opens_the_docs_is_led_to_sign_in(db: None, anonymous: APIClient) -> None:
    answer = anonymous.get("/api/v1/docs", HTTP_ACCEPT="text/html")
    assert answer.status_code == 401
    assert "/admin/login/" in answer.content.decode()


@pytest.mark.parametrize(
    ("address", "status"), [("/", 302), ("/admin/", 401), ("/admin/login/", 200)]
)
def test_pages_for_people_answer(db: None, address: str, status: int) -> None:
    assert Client().get(address).status_code == status


def test_a_database_that_is_away_is_a_503_that_says_so(
    anonymous: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr("knox.auth.TokenAuthentication.authenticate", gone)
    answer = anonymous.get("/api/v1/executions", HTTP_AUTHORIZATION="Bearer some-token")
    assert answer.status_code == 503
    assert answer.json()["type"] == "database-unavailable"
    assert set(answer.json()) == SHAPE
