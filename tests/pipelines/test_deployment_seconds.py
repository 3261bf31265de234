"""How long a deployment took, as the API and the admin show it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from pipelines import services
from pipelines.models import Pipeline
from tests.fake_airflow import FakeAirflow
from tests.pipelines.conftest import URL
from tests.pipelines.deployments import later, look, serve


def asked(pipeline: Pipeline, ago: float) -> None:
    """Have the deployment been asked for so many seconds ago."""
    Pipeline.objects.filter(pk=pipeline.pk).update(
        deployment_asked_at=timezone.now() - timedelta(seconds=ago)
    )


def told(api: APIClient, pipeline: Pipeline) -> dict[str, Any]:
    data: dict[str, Any] = api.get(f"{URL}/{pipeline.pk}").json()
    return data


def test_a_draft_has_none(api: APIClient, db: None) -> None:
    draft = Pipeline.objects.create(name="Draft")
    assert told(api, draft)["deployment_seconds"] is None


def test_while_it_is_registering_it_grows(api: APIClient, deployed: Pipeline) -> None:
    asked(deployed, 12)
    assert 12 <= told(api, deployed)["deployment_seconds"] < 20


def test_once_it_is_ready_it_stays(
    api: APIClient, deployed: Pipeline, airflow: FakeAirflow
) -> None:
    asked(deployed, 3)
    serve(airflow, deployed)
    look(deployed)
    data = told(api, deployed)
    assert data["deployment"]["status"] == "ready"
    assert 3 <= data["deployment_seconds"] < 10
    assert told(api, deployed)["deployment_seconds"] == data["deployment_seconds"]


def test_the_time_in_which_airflow_was_away_counts(
    api: APIClient, deployed: Pipeline, airflow: FakeAirflow
) -> None:
    asked(deployed, 1000)
    airflow.outage = "Airflow is down."
    look(deployed)
    airflow.outage = ""
    services.deploy(deployed.pk)
    serve(airflow, deployed)
    look(deployed)
    data = told(api, deployed)
    assert data["deployment"]["status"] == "ready"
    assert 1000 <= data["deployment_seconds"] < 1010
    assert data["deployment"]["started_at"] < data["deployment"]["ready_at"]


def test_a_failed_one_says_after_what_time(api: APIClient, deployed: Pipeline) -> None:
    asked(deployed, 5)
    later(deployed, 10_000)
    look(deployed)
    data = told(api, deployed)
    assert data["deployment"]["status"] == "failed"
    assert 5 <= data["deployment_seconds"] < 10


def test_saving_anew_begins_to_count_anew(
    api: APIClient, ready: Pipeline, airflow: FakeAirflow, save: Any
) -> None:
    asked(ready, 1000)
    save(Pipeline.objects.get(), description="changed")
    assert told(api, ready)["deployment_seconds"] < 10


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("registering", "registering for 2 min"),
        ("ready", "ready after 1.4 s"),
        ("failed", "failed after 1.0 s"),
    ],
)
def test_the_admin_says_it_beside_the_status(
    browser: Client, pipeline: Pipeline, status: str, shown: str
) -> None:
    asked_at = timezone.now() - timedelta(seconds=120)
    Pipeline.objects.update(
        deployment_status=status,
        deployment_asked_at=asked_at,
        deployment_ready_at=asked_at + timedelta(seconds=1.4),
        deployment_checked_at=asked_at + timedelta(seconds=1),
    )
    for address in ("/admin/pipelines/pipeline/", f"/admin/pipelines/pipeline/{pipeline.pk}/"):
        page = browser.get(address, follow=True).content.decode()
        assert shown in re.sub(r"<[^>]*>", "", page)
