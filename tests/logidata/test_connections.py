"""Connections go from request to request, and from task to task; none that is broken is used."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from celery.signals import worker_process_init
from django.db import close_old_connections, connection, connections, transaction
from django.db.utils import OperationalError

from logidata.connections import POOL, pool_connections


@pytest.fixture
def settings_of_a_process(transactional_db: None) -> Iterator[dict[str, Any]]:
    """The database's settings, as they were again afterwards."""
    # The test's own connection is none of those that are looked at.
    connection.ensure_connection()
    database = connections.settings["default"]
    before = {**database, "OPTIONS": {**database["OPTIONS"]}}
    yield database
    in_a_thread(lambda: getattr(connection, "close_pool", lambda: None)())
    database.clear()
    database.update(before)


@pytest.fixture
def pooled(settings_of_a_process: dict[str, Any]) -> None:
    pool_connections()


def backend() -> int:
    """Return the id of the server's process that this thread speaks with."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def in_a_thread(ask: Callable[[], Any] = backend) -> Any:
    """Ask something in a thread of its own, and leave as a request or a task does."""

    def run() -> Any:
        close_old_connections()
        try:
            return ask()
        finally:
            close_old_connections()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


def test_a_request_takes_over_the_connection_of_the_one_before(pooled: None) -> None:
    assert in_a_thread() == in_a_thread()


def test_requests_at_the_same_time_have_connections_of_their_own(pooled: None) -> None:
    assert in_a_thread(lambda: backend() == in_a_thread()) is False


def test_without_a_pool_each_request_makes_its_own(settings_of_a_process: dict[str, Any]) -> None:
    assert in_a_thread() != in_a_thread()


def test_a_connection_that_the_server_has_ended_is_not_used_again(pooled: None) -> None:
    first = in_a_thread()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
    assert in_a_thread() != first


def test_what_a_request_left_undone_is_no_matter_to_the_next(pooled: None) -> None:
    def break_off() -> None:
        connection.set_autocommit(False)
        backend()

    in_a_thread(break_off)
    assert in_a_thread(connection.get_autocommit) is True

    def write() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE seen ON COMMIT DROP AS SELECT 1")

    in_a_thread(write)


def test_a_database_that_is_away_is_an_error_within_seconds(
    settings_of_a_process: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(POOL, "timeout", 0.3)
    settings_of_a_process["PORT"] = "1"
    pool_connections()
    with pytest.raises(OperationalError):
        in_a_thread()


def test_a_process_of_the_worker_keeps_its_connection_from_task_to_task(
    settings_of_a_process: dict[str, Any],
) -> None:
    worker_process_init.send(sender=None)
    found = []

    def work() -> None:
        for _ in range(2):
            close_old_connections()
            found.append(backend())
            close_old_connections()
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found[0] == found[1]
