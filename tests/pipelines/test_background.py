"""Values that are found in the background, so that nobody who types waits for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from pipelines.services.background import Background, Pending, Unanswered


def until(done: Callable[[], bool]) -> None:
    for _ in range(200):
        if done():
            return
        time.sleep(0.01)
    raise AssertionError("It never came.")


def test_a_value_is_found_once_and_given_while_it_is_fresh() -> None:
    calls: list[int] = []
    values: Background[int] = Background(fresh=60)

    def find() -> int:
        calls.append(1)
        return len(calls)

    found = [values.get("key", find, wait=5) for _ in range(3)]
    assert [(one.value, one.fresh) for one in found] == [(1, True)] * 3
    assert values.get("other", find, wait=5).value == 2


def test_an_old_value_is_given_at_once_while_a_new_one_is_looked_for() -> None:
    go_on = threading.Event()
    answers = iter([1, 2])
    values: Background[int] = Background(fresh=0)

    def find() -> int:
        value = next(answers)
        if value == 2:
            go_on.wait(5)
        return value

    assert values.get("key", find, wait=5).value == 1
    old = values.get("key", find, wait=5)
    assert (old.value, old.fresh) == (1, False)
    go_on.set()
    until(lambda: values.get("key", lambda: 2, wait=0).value == 2)


def test_who_finds_nothing_yet_is_told_to_come_back() -> None:
    go_on = threading.Event()
    calls: list[int] = []
    values: Background[str] = Background(fresh=60)

    def find() -> str:
        calls.append(1)
        go_on.wait(5)
        return "there"

    for _ in range(3):
        with pytest.raises(Pending):
            values.get("key", find, wait=0)
    go_on.set()
    assert values.get("key", find, wait=5).value == "there"
    assert calls == [1]


def test_what_could_not_be_found_is_raised() -> None:
    values: Background[str] = Background(fresh=60)

    def find() -> str:
        raise OSError("away")

    for _ in range(2):
        with pytest.raises(OSError, match="away"):
            values.get("key", find, wait=5)


def test_only_so_many_are_kept() -> None:
    calls: list[int] = []
    values: Background[int] = Background(fresh=60, size=2)
    for key in (1, 2, 3, 1):
        values.get(key, lambda key=key: calls.append(key) or key, wait=5)  # type: ignore[misc]
    assert calls == [1, 2, 3, 1]


def test_a_source_that_hangs_takes_nobody_elses_place() -> None:
    values: Background[str] = Background(fresh=60, patience=0.05)
    hangs = threading.Event()
    for number in range(50):
        with pytest.raises((Pending, Unanswered)):
            values.get(("bad", number), lambda: str(hangs.wait(20)), source=number, wait=0)
    began = time.monotonic()
    until(lambda: answers(values, "good"))
    assert time.monotonic() - began < 2
    hangs.set()


def test_few_searches_of_one_source_hang_however_many_are_asked_for() -> None:
    values: Background[str] = Background(fresh=60, patience=0.05)
    hangs, began = threading.Event(), []

    def find() -> str:
        began.append(1)
        hangs.wait(20)
        raise TimeoutError

    for number in range(20):
        with pytest.raises((Pending, Unanswered)):
            values.get(number, find, source="slow", wait=0.01)
    assert len(began) == 2
    hangs.set()


def test_who_asks_a_source_that_does_not_answer_is_told() -> None:
    values: Background[str] = Background(fresh=60, patience=0.05, pause=0.3)
    hangs = threading.Event()

    def find() -> str:
        hangs.wait(20)
        raise TimeoutError

    with pytest.raises(Unanswered):
        values.get("key", find, source="slow", wait=0.2)
    hangs.set()
    time.sleep(0.05)
    # It has failed, and is left alone for a while.
    with pytest.raises(Unanswered):
        values.get("other", lambda: "back", source="slow", wait=5)
    time.sleep(0.4)
    assert values.get("other", lambda: "back", source="slow", wait=5).value == "back"


def test_a_slow_answer_counts_all_the_same() -> None:
    values: Background[str] = Background(fresh=60, patience=0.05)

    def find() -> str:
        time.sleep(0.2)
        return "late"

    assert values.get("key", find, source="slow", wait=5).value == "late"


def test_what_is_wanted_anew_is_looked_for_although_it_is_fresh() -> None:
    answers = iter([1, 2])
    values: Background[int] = Background(fresh=60)
    assert values.get("key", lambda: next(answers), wait=5).value == 1
    again = values.get("key", lambda: next(answers), wait=5, anew=True)
    assert (again.value, again.fresh) == (2, True)
    old = values.get("key", lambda: time.sleep(0.3) or 3, wait=0, anew=True)
    assert (old.value, old.fresh, old.pending) == (2, False, True)


def answers(values: Background[str], key: str) -> bool:
    try:
        return values.get(key, lambda: "there", source=key, wait=0.1).value == "there"
    except Pending:
        return False
