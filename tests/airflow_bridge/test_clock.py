"""Airflow's clock beside ours, as its answers tell it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from airflow_bridge.rest import RestSession, Server
from tests.airflow_bridge.stub_server import Answer, serve


def ahead_after(*dates: str) -> timedelta:
    """Return the difference that is known after answers with these dates."""
    given = iter(dates)
    with serve(lambda _: Answer({}, headers={"Date": next(given)})) as wire:
        session = RestSession(Server(wire.url))
        for _ in dates:
            session.call("GET", "/version")
        return session.clock_ahead


def date(ahead: timedelta) -> str:
    return format_datetime(datetime.now(UTC) + ahead, usegmt=True)


@pytest.mark.parametrize("hours", [-3, 5])
def test_a_clock_that_differs_is_known_by_the_date_of_an_answer(hours: int) -> None:
    ahead = timedelta(hours=hours)
    assert abs(ahead_after(date(ahead)) - ahead) < timedelta(minutes=1)


def test_a_second_more_or_less_is_no_difference() -> None:
    # The header has whole seconds, so that it says nothing about parts of one.
    assert ahead_after(date(timedelta())) == timedelta()


def test_a_clock_that_was_set_right_is_known_by_the_next_answer() -> None:
    assert ahead_after(date(timedelta(hours=1)), date(timedelta())) == timedelta()


def test_a_date_that_is_none_changes_nothing() -> None:
    known = ahead_after(date(timedelta(hours=1)), "some day")
    assert known > timedelta(minutes=59)


def test_nothing_is_known_before_the_first_answer() -> None:
    assert RestSession(Server("http://127.0.0.1:1")).clock_ahead == timedelta()
