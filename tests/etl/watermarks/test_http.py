"""Watermarks and REST services: what they are asked for, and what they are sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from etl.local import run_graph
from tests.etl.http.server import Reply, Service, running
from tests.etl.watermarks.conftest import PIPELINE, Incremental

pytestmark = pytest.mark.slow


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with running() as started:
        yield started


@pytest.mark.parametrize(
    ("watermark", "first", "second"),
    [
        ({"column": "id"}, None, "2"),
        ({"column": "id", "initial": 1, "lag": 1}, "1", "1"),
        ({"column": "at"}, None, "2024-05-01T08:30:00"),
        ({"column": "at", "lag": "30 minutes"}, None, "2024-05-01T08:00:00"),
    ],
)
def test_a_service_is_told_from_where_to_give_records(
    incremental: Incremental,
    service: Service,
    watermark: dict[str, Any],
    first: str | None,
    second: str,
) -> None:
    incremental.extractor = "extract.http"
    incremental.extract = {"url": service.url, "path": "all", "watermark_parameter": "since"}
    incremental.watermark = watermark
    service.records = [
        {"id": 1, "at": "2024-05-01T08:00:00"},
        {"id": 2, "at": "2024-05-01T08:30:00"},
    ]
    incremental.read()
    service.records.append({"id": 3, "at": "2024-05-01T09:00:00"})
    incremental.read()
    # It gives everything all the same, and nothing comes twice.
    assert incremental.ids() == [1, 2, 3]
    assert [request.query.get("since") for request in service.requests] == [first, second]


def test_what_a_service_has_confirmed_is_not_sent_again_by_the_next_execution(
    incremental: Incremental, service: Service
) -> None:
    def execute() -> str:
        graph = incremental.graph()
        graph["nodes"][1] = {
            "id": "to_orders",
            "module": "load.http",
            "config": {"url": service.url, "path": "store", "retries": 0},
        }
        done = run_graph(graph, params={}, settings=incremental.settings, pipeline=PIPELINE)
        return str(done.error or "")

    incremental.source([{"id": number} for number in range(1, 6)])
    service.after_store = lambda: (
        service.script.append(Reply(500)) if len(service.keys) == 2 else None  # type: ignore[func-returns-value]
    )
    assert "500" in execute()
    assert [row["id"] for row in service.stored] == [1, 2]
    incremental.source([{"id": number} for number in range(1, 8)])
    assert execute() == ""
    assert [row["id"] for row in service.stored] == [1, 2, 3, 4, 5]
    assert execute() == ""
    assert [row["id"] for row in service.stored] == [1, 2, 3, 4, 5, 6, 7]
    assert len(set(service.keys)) == 7
