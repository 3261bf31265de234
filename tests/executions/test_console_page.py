"""The live page of an execution: what its HTML gives to the browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from executions.models import PipelineExecution
from tests.executions.conftest import some_id

VIEW = "view_pipelineexecution"


@pytest.fixture
def shown(client: Client, user: Any, permit: Callable[..., None]) -> Callable[..., str]:
    """Return the HTML of the page of an execution, for a user who may view it."""
    permit(VIEW)
    client.force_login(user)

    def get(execution: PipelineExecution) -> str:
        address = reverse("admin:executions_pipelineexecution_change", args=[execution.pk])
        return client.get(address).content.decode()

    return get


def data_of(html: str) -> dict[str, Any]:
    found = re.search(r'<script id="execution-data" type="application/json">(.*?)</script>', html)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_the_page_loads_the_bundle_and_has_a_place_for_it(
    running: PipelineExecution, shown: Callable[..., str]
) -> None:
    html = shown(running)
    assert '<div id="console-execution"></div>' in html
    for name in ("execution.js", "execution.css"):
        assert f"/static/console/{name}" in html
        assert finders.find(f"console/{name}")


def test_without_javascript_the_nodes_are_there_and_nothing_reloads_the_page(
    running: PipelineExecution, shown: Callable[..., str]
) -> None:
    html = shown(running)
    assert "transform.filter" in html[html.index('id="execution-plain"') :]
    assert "http-equiv" not in html


def test_the_data_names_the_execution_and_its_addresses(
    running: PipelineExecution, shown: Callable[..., str], permit: Callable[..., None]
) -> None:
    permit("view_pipeline", "execute_pipeline")
    data = data_of(shown(running))
    assert data["execution_id"] == str(running.pk)
    urls = data["urls"]
    assert urls["pipeline"] == reverse(
        "admin:pipelines_pipeline_change", args=[running.pipeline_id]
    )
    assert urls["change_params"].endswith(f"?again={running.pk}&revision=1")
    other = some_id()
    assert urls["execution"].replace("00000000-0000-0000-0000-000000000000", str(other)) == reverse(
        "admin:executions_pipelineexecution_change", args=[other]
    )
    assert urls["quarantine"].replace("__node__", "read") == reverse(
        "admin:executions_pipelineexecution_quarantine", args=[running.pk, "read"]
    )


def test_who_may_change_pipelines_is_led_to_the_node_in_the_editor(
    running: PipelineExecution, shown: Callable[..., str], permit: Callable[..., None]
) -> None:
    permit("view_pipeline", "execute_pipeline")
    urls = data_of(shown(running))["urls"]
    assert urls["run_newest"].endswith(f"/execute/?again={running.pk}")
    assert urls["edit_node"] is None
    permit("change_pipeline")
    editor = reverse("admin:pipelines_pipeline_change", args=[running.pipeline_id])
    assert data_of(shown(running))["urls"]["edit_node"] == f"{editor}?node=__node__"


def test_the_data_says_what_the_user_may_do(
    running: PipelineExecution, shown: Callable[..., str], permit: Callable[..., None]
) -> None:
    data = data_of(shown(running))
    assert data["may"] == {"cancel": False, "execute": False}
    assert data["urls"]["change_params"] is None
    assert data["urls"]["pipeline"] is None
    permit("cancel_pipelineexecution", "execute_pipeline")
    assert data_of(shown(running))["may"] == {"cancel": True, "execute": True}


def test_alerts_are_shown_to_those_who_may_see_them(
    running: PipelineExecution, shown: Callable[..., str], permit: Callable[..., None]
) -> None:
    assert data_of(shown(running))["shows_alerts"] is False
    permit("view_alertdelivery")
    assert data_of(shown(running))["shows_alerts"] is True


def test_an_execution_whose_pipeline_is_deleted_leads_nowhere(
    running: PipelineExecution, shown: Callable[..., str], permit: Callable[..., None]
) -> None:
    permit("view_pipeline", "execute_pipeline")
    PipelineExecution.objects.filter(pk=running.pk).update(pipeline=None)
    urls = data_of(shown(running))["urls"]
    assert (urls["pipeline"], urls["change_params"]) == (None, None)


def test_warnings_of_a_replay_are_shown(
    running: PipelineExecution, shown: Callable[..., str]
) -> None:
    assert data_of(shown(running))["notes"] == []
    running.replay_plan = {"warnings": ["Rows may be loaded twice.</script>"]}
    running.save()
    assert data_of(shown(running))["notes"] == ["Rows may be loaded twice.</script>"]


def test_the_path_at_the_head_names_an_execution_by_when_it_was_made(
    running: PipelineExecution,
) -> None:
    day = date_format(timezone.localtime(running.created_at), "DATE_FORMAT")
    assert str(running).startswith(f"{running.pipeline_name}, {day}, ")
    assert str(PipelineExecution(pipeline_name="orders")) == "orders"
