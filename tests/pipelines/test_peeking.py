"""Sources that do not answer, while somebody draws or saves a pipeline that reads them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from etl.modules.extract_sql import ExtractSQL
from etl.settings import run_settings
from pipelines.services import peeking, unsaved
from pipelines.services.background import Background
from tests.pipelines.conftest import URL

# Each waits until a source is given up.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("surroundings")]


@pytest.fixture(autouse=True)
def _orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "orders.csv").write_text("order_id,status,amount\n1,paid,12.5\n2,open,3\n")
    monkeypatch.setenv("LOGIDATA_DATA_DIRS", str(tmp_path))
    monkeypatch.setattr(unsaved, "_names", Background(fresh=10))
    monkeypatch.setattr(peeking, "_peeked", Background(fresh=10))
    run_settings.cache_clear()
    yield
    run_settings.cache_clear()


@pytest.fixture
def _hangs(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    """Have databases say nothing; whoever asks gives up after a while."""
    settings.LOGIDATA_CONNECTIONS = {"away", *(f"away_{number}" for number in range(12))}
    end = threading.Event()

    def silent(self: ExtractSQL, context: object) -> None:
        end.wait(30)
        raise TimeoutError

    monkeypatch.setattr(ExtractSQL, "peek", silent)
    monkeypatch.setattr(peeking, "_PATIENCE", 0.3)
    monkeypatch.setattr(peeking, "_peeked", Background(fresh=10, patience=0.3))
    yield
    end.set()


def reading(module: str, **config: Any) -> dict[str, Any]:
    return {
        "nodes": [
            {"id": "read", "module": module, "config": config},
            {"id": "write", "module": "load.csv", "config": {"path": "out.csv"}},
        ],
        "edges": [{"source": "read", "target": "write"}],
    }


def checked(api: APIClient, config: dict[str, Any]) -> Any:
    for _ in range(50):
        answer = api.post(f"{URL}/check", {"config": config}).json()
        if answer["complete"]:
            return answer
        time.sleep(0.1)
    raise AssertionError("The check is never complete.")


@pytest.mark.usefixtures("_hangs")
def test_a_database_that_hangs_costs_only_those_who_read_it(api: APIClient) -> None:
    for number in range(12):
        config = reading("extract.sql", connection=f"away_{number}", query="SELECT 1")
        assert api.post(f"{URL}/check", {"config": config}).status_code == 200
    began = time.monotonic()
    found = checked(api, reading("extract.csv", path="orders.csv"))
    assert len(found["columns"]["read"]["out"][""]) == 3
    assert time.monotonic() - began < 2


@pytest.mark.usefixtures("_hangs")
def test_it_is_said_which_source_did_not_answer(api: APIClient) -> None:
    found = checked(api, reading("extract.sql", connection="away", query="SELECT 1"))
    assert found["valid"], found["errors"]
    assert found["columns"]["read"]["unknown"] == (
        "The columns of 'read' are not known: connection 'away' did not answer within 0.3 s. "
        "It is asked again in a moment."
    )


@pytest.mark.usefixtures("_hangs")
def test_saving_does_not_wait_for_each_source_that_hangs(api: APIClient) -> None:
    graph: dict[str, Any] = {"nodes": [], "edges": []}
    for number in range(20):
        config = {"connection": "away", "query": f"SELECT {number}"}
        graph["nodes"] += [
            {"id": f"read_{number}", "module": "extract.sql", "config": config},
            {"id": f"to_{number}", "module": "load.csv", "config": {"path": f"{number}.csv"}},
        ]
        graph["edges"].append({"source": f"read_{number}", "target": f"to_{number}"})
    began = time.monotonic()
    assert api.post(URL, {"name": "Many", "config": graph}).status_code == 201
    assert time.monotonic() - began < 3


def test_why_columns_are_not_known_is_said_beside_them(api: APIClient) -> None:
    found = checked(api, reading("extract.csv", path="later.csv"))
    assert found["valid"]
    assert "file 'later.csv' does not exist" in found["columns"]["read"]["unknown"]


def test_saving_asks_anew_what_a_source_has(api: APIClient, tmp_path: Path) -> None:
    graph = reading("extract.csv", path="orders.csv")
    graph["nodes"].insert(
        1, {"id": "keep", "module": "transform.filter", "config": {"condition": "paid_on > 'x'"}}
    )
    graph["edges"] = [
        {"source": "read", "target": "keep"},
        {"source": "keep", "target": "write"},
    ]
    assert not checked(api, graph)["valid"]
    (tmp_path / "orders.csv").write_text("order_id,paid_on\n1,yes\n")
    answer = api.post(URL, {"name": "Anew", "config": graph})
    assert answer.status_code == 201, answer.json()
