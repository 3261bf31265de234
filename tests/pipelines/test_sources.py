"""What the editor's pickers offer: connections, tables and files, and never a secret."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from rest_framework.test import APIClient

from airflow_bridge.errors import AirflowUnavailable
from etl.connections import Connection
from etl.files import listing
from etl.postgres.session import translate
from etl.settings import run_settings
from pipelines.services import sources
from tests.fake_airflow import FakeAirflow

CONNECTIONS = "/api/v1/connections"
FILES = "/api/v1/files"


@pytest.fixture
def data() -> Path:
    folder = Path(run_settings().data_dirs[0])
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def tables(api: APIClient, connection: str, search: str = "", status: int = 200) -> Any:
    answer = api.get(f"{CONNECTIONS}/{connection}/tables", {"search": search})
    assert answer.status_code == status, answer.content
    return answer.json()


def test_the_connections_of_airflow_are_listed_without_secrets(
    api: APIClient, airflow: FakeAirflow, settings: Any, warehouse_url: str
) -> None:
    airflow.connections = {"warehouse", "lake"}
    settings.LOGIDATA_CONNECTIONS = frozenset({"vault"})
    answer = api.get(CONNECTIONS)
    assert answer.json() == [
        {"id": "lake", "type": "postgres", "description": "The lake", "opens_here": False},
        {"id": "vault", "type": "", "description": "", "opens_here": False},
        {"id": "warehouse", "type": "postgres", "description": "The warehouse", "opens_here": True},
    ]
    assert "only-for-tests" not in str(answer.content)


def test_an_airflow_that_is_away_is_a_503_with_its_reason(
    api: APIClient, airflow: FakeAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise AirflowUnavailable("Airflow does not answer.")

    monkeypatch.setattr(airflow, "list_connections", away)
    answer = api.get(CONNECTIONS)
    assert answer.status_code == 503
    assert answer.json()["detail"] == "Airflow does not answer."


def test_the_tables_of_a_warehouse_are_named_as_nodes_name_them(
    api: APIClient, warehouse_url: str
) -> None:
    with psycopg.connect(warehouse_url) as connection:
        connection.execute("DROP SCHEMA IF EXISTS picked CASCADE")
        connection.execute("CREATE SCHEMA picked")
        connection.execute("CREATE TABLE picked.pick_far (n int)")
        connection.execute("CREATE TABLE IF NOT EXISTS pick_near (n int)")
        connection.execute("CREATE OR REPLACE VIEW pick_view AS SELECT 1 AS n")
    assert tables(api, "warehouse", "PICK_") == ["pick_near", "pick_view", "picked.pick_far"]
    assert tables(api, "warehouse", "picked.") == ["picked.pick_far"]
    assert tables(api, "warehouse", "100%_'; DROP") == []
    assert not [name for name in tables(api, "warehouse") if name.startswith(("pg_", "inf"))]


def test_a_list_of_tables_has_an_end(api: APIClient, warehouse_url: str) -> None:
    with psycopg.connect(warehouse_url) as connection:
        for number in range(210):
            connection.execute(f"CREATE TABLE IF NOT EXISTS many_{number} ()")
    assert len(tables(api, "warehouse", "many_")) == 200


def test_the_tables_of_a_sqlite_file_are_listed(
    api: APIClient, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite3.connect(data / "shop.sqlite") as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS orders (n INTEGER)")
    connection.close()
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", "sqlite:///shop.sqlite")
    assert tables(api, "shop") == ["orders"]


def test_a_connection_that_only_airflow_knows_says_what_to_do(api: APIClient) -> None:
    answer = tables(api, "faraway", status=409)
    assert "AIRFLOW_CONN_FARAWAY" in answer["detail"]


def test_a_connection_to_no_database_says_so(
    api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_LAKE", "aws://key:the-secret@")
    answer = tables(api, "lake", status=409)
    assert "leads to no database" in answer["detail"]
    assert "the-secret" not in str(answer)


def test_a_refused_login_is_told_without_its_password(
    api: APIClient, warehouse_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = warehouse_url.replace("only-for-tests", "the-wrong-secret")
    assert wrong != warehouse_url
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", wrong)
    answer = tables(api, "warehouse", status=409)
    assert "refused" in answer["detail"]
    assert "the-wrong-secret" not in str(answer)


def test_a_server_that_is_down_is_a_503(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_GONE", "postgres://u:p@127.0.0.1:1/x")
    assert "cannot be reached" in tables(api, "gone", status=503)["detail"]


def test_a_server_that_hangs_does_not_hold_up_the_answer(
    api: APIClient, warehouse_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "TABLES_SECONDS", 0.1)
    monkeypatch.setattr(sources, "table_names", lambda *_: time.sleep(2))
    assert "not answered in time" in tables(api, "warehouse", status=503)["detail"]


def test_a_list_of_tables_that_is_broken_off_speaks_of_no_run(
    api: APIClient, warehouse_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(connection: Connection, *_: Any) -> list[str]:
        raise translate(psycopg.errors.QueryCanceled("statement timeout"), connection)

    monkeypatch.setattr(sources, "table_names", break_off)
    detail = tables(api, "warehouse", status=503)["detail"]
    assert "connection 'warehouse'" in detail
    assert "Write the table's name by hand" in detail
    assert "kept" not in detail
    assert "execute" not in detail


def test_files_are_listed_by_the_beginning_of_their_path(api: APIClient, data: Path) -> None:
    (data / "picked/deep").mkdir(parents=True, exist_ok=True)
    (data / "picked/b.csv").write_text("n\n1\n")
    (data / "picked/deep/a.csv").write_text("n\n")
    (data / "picked/.hidden").write_text("")
    outside = data.parent / "outside.csv"
    outside.write_text("n\n")
    (data / "picked/link.csv").unlink(missing_ok=True)
    (data / "picked/link.csv").symlink_to(outside)

    answer = api.get(FILES, {"prefix": "picked/"}).json()

    assert [file["path"] for file in answer] == ["picked/b.csv", "picked/deep/a.csv"]
    assert answer[0]["size"] == 4
    assert [file["path"] for file in api.get(FILES, {"prefix": "picked/d"}).json()] == [
        "picked/deep/a.csv"
    ]
    assert api.get(FILES, {"prefix": "../"}).json() == []
    assert api.get(FILES, {"prefix": "/etc/"}).json() == []


def test_a_file_that_cannot_be_named_or_is_gone_by_now_hides_no_other(
    api: APIClient, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = data / "odd"
    folder.mkdir(exist_ok=True)
    (folder / "good.csv").write_text("n\n1\n")
    (folder / "gone.csv").write_text("n\n1\n")
    # Written by a system that is not set to UTF-8.
    (folder / "caf\udce9.csv").write_text("n\n1\n")
    real = Path.is_file

    def is_file(path: Path) -> bool:
        found = real(path)
        if path.name == "gone.csv":
            path.unlink(missing_ok=True)
        return found

    monkeypatch.setattr(Path, "is_file", is_file)
    answer = api.get(FILES, {"prefix": "odd/"})
    assert answer.status_code == 200
    assert [file["path"] for file in answer.json()] == ["odd/good.csv"]


def test_a_list_of_files_has_an_end(
    api: APIClient, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_FILES", 2)
    for name in ("c", "a", "b"):
        (data / f"end-{name}.csv").write_text("n\n")
    found = api.get(FILES, {"prefix": "end-"}).json()
    assert [file["path"] for file in found] == ["end-a.csv", "end-b.csv"]


def test_a_web_server_without_data_folders_says_so(
    api: APIClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from dataclasses import replace

    nowhere = replace(run_settings(), data_dirs=(tmp_path / "nowhere",))
    monkeypatch.setattr(sources, "run_settings", lambda: nowhere)
    answer = api.get(FILES)
    assert answer.status_code == 409
    assert "LOGIDATA_DATA_DIRS" in answer.json()["detail"]


@pytest.mark.parametrize("address", [CONNECTIONS, f"{CONNECTIONS}/warehouse/tables", FILES])
def test_whoever_only_looks_at_pipelines_is_offered_nothing(
    api_as: Callable[..., APIClient], address: str
) -> None:
    assert api_as("pipelines.view_pipeline").get(address).status_code == 403
