"""The web server as it is started in production, with sockets beside requests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from executions.models import PipelineExecution
from executions.publishing import publish_changed
from executions.transitions import change_status
from stack import postgres
from stack.ports import Ports
from tests.services import PASSWORD, Services

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def server(services: Services, transactional_db: None) -> Iterator[str]:
    """The address of a server on the database of the tests."""
    port = Ports.choose_free().web
    database = postgres.url(
        services.ports.postgres, "logidata", PASSWORD, connection.settings_dict["NAME"]
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "logidata.asgi:application", "--port", str(port)],
        cwd=PROJECT,
        env={**os.environ, "LOGIDATA_DATABASE_URL": database},
    )
    address = f"http://127.0.0.1:{port}"
    until(lambda: answers(address))
    yield address
    process.terminate()
    process.wait(30)


def answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/admin/login/", timeout=5).ok
    except requests.ConnectionError:
        return False


def until(holds: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture
def session(db: None) -> str:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client.cookies["sessionid"].value


@pytest.fixture
def execution(db: None) -> PipelineExecution:
    return PipelineExecution.objects.create(
        pipeline_name="orders", airflow_dag_id="pipeline_1", airflow_dag_run_id="1"
    )


def open_page(address: str, session: str, path: str) -> ClientConnection:
    url = f"{address.replace('http', 'ws', 1)}{path}"
    headers = {"Cookie": f"sessionid={session}"}
    return connect(url, origin=address, additional_headers=headers, proxy=None)  # type: ignore[arg-type]


def next_state(page: ClientConnection) -> dict[str, Any]:
    message = json.loads(page.recv(timeout=20))
    assert message["type"] == "state", message
    state: dict[str, Any] = message["state"]
    return state


def connections_in_use() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])


def test_a_hundred_pages_take_few_connections_and_requests_are_answered_beside_them(
    server: str, session: str, execution: PipelineExecution
) -> None:
    path = f"/ws/executions/{execution.pk}"
    with ExitStack() as stack:
        pages = [stack.enter_context(open_page(server, session, path)) for _ in range(100)]
        assert {next_state(page)["status"] for page in pages} == {"pending"}
        change_status(execution.pk, "running")
        assert {next_state(page)["status"] for page in pages} == {"running"}
        cookies = {"sessionid": session}
        for _ in range(5):
            answer = requests.get(f"{server}/admin/", cookies=cookies, timeout=10)
            assert answer.ok
        # Four for all sockets, and what the requests have just used.
        assert connections_in_use() <= 8


def test_a_change_is_on_a_page_within_half_a_second(
    server: str, session: str, execution: PipelineExecution
) -> None:
    with open_page(server, session, f"/ws/executions/{execution.pk}") as page:
        next_state(page)
        time.sleep(1)
        began = time.monotonic()
        change_status(execution.pk, "running")
        assert next_state(page)["status"] == "running"
        assert time.monotonic() - began < 0.5


def test_lists_hear_of_a_change(server: str, session: str, execution: PipelineExecution) -> None:
    with open_page(server, session, "/ws/executions") as page:
        time.sleep(1)
        publish_changed([execution.pk])
        heard = json.loads(page.recv(timeout=20))
    assert heard == {"type": "changed", "executions": [str(execution.pk)], "more": False}


@pytest.mark.parametrize("path", ["/ws/elsewhere", "/", "/ws/executions/7"])
def test_there_is_no_socket_elsewhere(server: str, session: str, path: str) -> None:
    with pytest.raises(InvalidStatus), open_page(server, session, path):
        pass
