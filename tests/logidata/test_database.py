"""Connections go from request to request, and never one that is broken, old or in the middle."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction

from logidata.database import base
from logidata.database.base import DatabaseWrapper

Kept = deque[tuple[Any, float]]


@pytest.fixture(autouse=True)
def kept(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[deque[tuple[Any, float]]]:
    """The connections that are kept, none at first."""
    # The test's own connection is none of theirs.
    connection.ensure_connection()
    found: Kept = deque()
    monkeypatch.setattr(DatabaseWrapper, "keeps_connections", True)
    monkeypatch.setattr(DatabaseWrapper, "_kept", found)
    yield found
    for left, _ in found:
        left.close()


def backend() -> int:
    """Return the id of the server's process that this thread speaks with."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def request(ask: Callable[[], Any] = backend) -> Any:
    """Ask something in a thread of its own, and leave as a request does."""

    def run() -> Any:
        try:
            return ask()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


def test_a_request_takes_over_the_connection_of_the_one_before() -> None:
    assert request() == request()


def test_requests_at_the_same_time_have_connections_of_their_own() -> None:
    assert request(lambda: backend() == request()) is False


def test_nothing_is_kept_unless_it_is_asked_for(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DatabaseWrapper, "keeps_connections", False)
    request()
    assert not kept


def test_a_connection_that_the_server_has_ended_is_not_used_again() -> None:
    first = request()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
    assert request() != first


def test_a_connection_that_was_idle_for_long_is_not_used_again(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = request()
    monkeypatch.setattr(base, "IDLE_SECONDS", 0.0)
    time.sleep(0.01)
    assert request() != first
    assert len(kept) == 1


def test_a_connection_in_a_transaction_is_not_kept(kept: Kept) -> None:
    def break_off() -> None:
        connection.set_autocommit(False)
        backend()

    request(break_off)
    assert not kept


def test_a_transaction_begins_and_ends_on_a_kept_connection_as_on_a_new_one() -> None:
    def write() -> bool:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE seen ON COMMIT DROP AS SELECT 1")
        return connection.get_autocommit()

    assert [request(write), request(write)] == [True, True]


def test_no_more_are_kept_than_is_of_use(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "MOST_KEPT", 1)
    request(request)
    assert len(kept) == 1
