"""Rejected rows are read where they lie, and it is said clearly when they are there no more."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.test import AsyncClient, Client
from django.utils import timezone
from rest_framework.test import APIClient

from executions.models import PipelineExecution
from pipelines.models import Pipeline
from tests.executions.conftest import CAST_GRAPH, reject
from tests.executions.quarantines import Staging
from tests.fake_airflow import FakeAirflow

pytestmark = pytest.mark.slow


def url(execution: PipelineExecution, action: str = "quarantine") -> str:
    return f"/api/v1/executions/{execution.pk}/{action}"


@pytest.fixture
def viewer(api: APIClient, permit: Callable[..., None]) -> APIClient:
    permit("view_pipelineexecution")
    return api


def body_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_rejected_rows_are_read_with_reason_field_and_record(
    quarantined: PipelineExecution, viewer: APIClient
) -> None:
    assert (quarantined.status, quarantined.rows_rejected) == ("success", 2)
    body = viewer.get(url(quarantined), {"node": "cast"}).json()
    assert (body["node"], body["count"], body["next"], body["previous"]) == ("cast", 2, None, None)
    assert body["reasons"][0] == {"reason": "'four' is no DOUBLE", "field": "amount", "rows": 1}
    first, second = body["results"]
    assert (first["index"], first["reason"], first["field"]) == (0, "'two' is no DOUBLE", "amount")
    assert (first["file"], first["line"]) == (None, None)
    assert json.loads(second["record"]) == {"id": "3", "amount": "four"}


def test_the_node_may_be_left_out_where_only_one_has_rejected_rows(
    quarantined: PipelineExecution, viewer: APIClient
) -> None:
    assert viewer.get(url(quarantined)).json()["node"] == "cast"


def test_pages_together_hold_every_row_once(
    make_pipeline: Callable[..., Pipeline],
    airflow: FakeAirflow,
    staging: Staging,
    viewer: APIClient,
) -> None:
    rows = [{"id": number, "amount": "x"} for number in range(1234)]
    pipeline = make_pipeline("casts", CAST_GRAPH, default_params={})
    execution = reject(pipeline, airflow, staging, rows)
    page = viewer.get(url(execution), {"node": "cast", "limit": 200}).json()
    found = page["results"]
    while page["next"]:
        page = viewer.get(page["next"]).json()
        found += page["results"]
    assert [row["index"] for row in found] == list(range(1234))
    assert [json.loads(row["record"])["id"] for row in found] == [str(n) for n in range(1234)]
    assert len(page["results"]) == 34
    assert viewer.get(page["previous"]).json()["results"][0]["index"] == 1000
    assert viewer.get(url(execution), {"offset": 5000}).json()["results"] == []


def test_rejected_rows_are_downloaded_as_csv(
    quarantined: PipelineExecution, viewer: APIClient
) -> None:
    answer = viewer.get(url(quarantined, "quarantine/download"), {"node": "cast"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert (
        f'filename="rejected-cast-{str(quarantined.pk)[:8]}.csv"' in (answer["Content-Disposition"])
    )
    assert answer.streaming
    rows = list(csv.DictReader(io.StringIO(body_of(answer).decode())))
    assert list(rows[0]) == ["reason", "field", "file", "line", "record"]
    assert [json.loads(row["record"])["amount"] for row in rows] == ["two", "four"]


def test_rejected_rows_are_downloaded_as_parquet_whatever_the_client_accepts(
    quarantined: PipelineExecution, viewer: APIClient
) -> None:
    answer = viewer.get(
        url(quarantined, "quarantine/download"),
        {"format": "parquet"},
        HTTP_ACCEPT="application/vnd.apache.parquet",
    )
    table = pq.read_table(io.BytesIO(body_of(answer)))
    assert table.column("reason").to_pylist() == ["'two' is no DOUBLE", "'four' is no DOUBLE"]


async def _download(execution: PipelineExecution, user: Any) -> bytes:
    client = AsyncClient()
    await client.aforce_login(user)
    answer = await client.get(url(execution, "quarantine/download"))
    return b"".join([chunk async for chunk in answer.streaming_content])


def test_a_download_is_streamed_by_an_asynchronous_server_too(
    transactional_db: None,
    quarantined: PipelineExecution,
    user: Any,
    permit: Callable[..., None],
) -> None:
    from asgiref.sync import async_to_sync

    permit("view_pipelineexecution")
    assert async_to_sync(_download)(quarantined, user).count(b"\n") == 3


@pytest.mark.parametrize("action", ["quarantine", "quarantine/download"])
@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({"node": "nope"}, 404, "Its nodes: read, cast, write."),
        ({"node": "read"}, 404, "has rejected no row in this execution. Those that have: cast."),
    ],
)
def test_a_quarantine_that_does_not_exist_is_refused_with_what_does(
    quarantined: PipelineExecution,
    viewer: APIClient,
    action: str,
    query: dict[str, str],
    status: int,
    said: str,
) -> None:
    answer = viewer.get(url(quarantined, action), query)
    assert answer.status_code == status
    assert said in answer.json()["detail"]


@pytest.mark.parametrize(
    ("action", "query", "field"),
    [
        ("quarantine", {"offset": "-1"}, "offset"),
        ("quarantine", {"limit": "201"}, "limit"),
        ("quarantine/download", {"format": "xlsx"}, "format"),
    ],
)
def test_a_wrong_query_is_refused_by_name(
    quarantined: PipelineExecution,
    viewer: APIClient,
    action: str,
    query: dict[str, str],
    field: str,
) -> None:
    answer = viewer.get(url(quarantined, action), query)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_rows_that_were_cleaned_up_are_gone_with_the_date(
    quarantined: PipelineExecution, viewer: APIClient
) -> None:
    PipelineExecution.objects.update(staging_removed_at=timezone.now())
    for action in ("quarantine", "quarantine/download"):
        answer = viewer.get(url(quarantined, action))
        assert (answer.status_code, answer.json()["type"]) == (410, "quarantine-gone")
        assert f"were removed on {timezone.now():%Y-%m-%d}" in answer.json()["detail"]
        assert "Execute the pipeline again" in answer.json()["detail"]


def test_rows_that_somebody_removed_are_gone_too(
    quarantined: PipelineExecution, staging: Staging, viewer: APIClient
) -> None:
    part = staging.folder / str(quarantined.pk) / "cast" / "1" / "_rejected" / "part-0.parquet"
    part.unlink()
    for action in ("quarantine", "quarantine/download"):
        assert viewer.get(url(quarantined, action)).status_code == 410
    shutil.rmtree(staging.folder)
    assert viewer.get(url(quarantined)).status_code == 410


def test_rows_outside_of_the_staging_are_not_read(
    quarantined: PipelineExecution, viewer: APIClient
) -> None:
    quarantined.tasks.filter(node_id="cast").update(rejected={"uri": "/etc", "rows": 1})
    answer = viewer.get(url(quarantined))
    assert (answer.status_code, answer.json()["type"]) == (503, "staging-unreadable")


@pytest.mark.parametrize("action", ["quarantine", "quarantine/download"])
def test_rejected_rows_are_for_those_who_may_view_executions(
    quarantined: PipelineExecution, api: APIClient, action: str
) -> None:
    assert APIClient().get(url(quarantined, action)).status_code == 401
    assert api.get(url(quarantined, action)).status_code == 403


def test_the_admin_shows_rejected_rows_and_gives_them_as_files(
    quarantined: PipelineExecution, client: Client, user: Any, permit: Callable[..., None]
) -> None:
    place = f"/admin/executions/pipelineexecution/{quarantined.pk}"
    page = f"{place}/nodes/cast/quarantine/"
    client.force_login(user)
    assert client.get(page).status_code == 403
    assert client.get(f"{page}csv/").status_code == 403
    permit("view_pipelineexecution")
    assert page in client.get(f"{place}/change/").content.decode()
    shown = client.get(page).content.decode()
    assert "2 rows rejected" in shown
    assert "<code>amount</code></th>" in shown
    assert "<code>four</code>" in shown
    assert f"{page}parquet/" in shown
    assert b"four" in body_of(client.get(f"{page}csv/"))
    assert client.get(f"{page}xlsx/").status_code == 404
    assert client.get(page, {"offset": "nonsense"}).status_code == 200


def test_the_admin_says_when_rejected_rows_are_gone(
    quarantined: PipelineExecution, client: Client, admin_user: Any
) -> None:
    PipelineExecution.objects.update(staging_removed_at=timezone.now())
    client.force_login(admin_user)
    page = f"/admin/executions/pipelineexecution/{quarantined.pk}/nodes/cast/quarantine/"
    for address in (page, f"{page}csv/"):
        assert "were removed on" in client.get(address).content.decode()
