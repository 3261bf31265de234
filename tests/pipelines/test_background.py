"""Values that are found in the background, so that nobody who types waits for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from pipelines.services.background import Background, Pending


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
