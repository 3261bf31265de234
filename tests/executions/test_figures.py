"""Durations, sizes, counts and ages, as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone, translation

from executions.templatetags.executions import age, many, rows, size
from pipelines.durations import duration


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "-"), (0.42, "0.4 s"), (65, "1 min 5 s"), (7860, "2 h 11 min")],
)
def test_durations_are_shown_as_people_say_them(seconds: float | None, shown: str) -> None:
    assert duration(seconds) == shown


def test_sizes_and_counts_are_shown_as_people_write_them() -> None:
    assert [size(None), size(812), size(1_200_000_000)] == ["-", "812 B", "1.2 GB"]
    assert [rows(None), rows(0), rows(1234567)] == ["-", "0", "1,234,567"]
    assert [many(812), many(9999), many(45_600), many(8_312_345)] == [
        *("812", "9,999", "45.6 k", "8.31 million"),
    ]
    # Never a thousand of a unit.
    assert [size(999_499), size(999_600)] == ["999 kB", "1 MB"]
    assert [many(999_600), many(999_700_000)] == ["1 million", "1 billion"]
    with translation.override("fr"):
        assert [rows(1234567), duration(0.42)] == ["1\xa0234\xa0567", "0,4 s"]
        assert size(1_200_000_000) == "1,2 GB"


def test_how_long_ago_something_was_is_never_no_minutes() -> None:
    now = timezone.now()
    told = [age(now - timedelta(seconds=ago)) for ago in (0, 59, 60, 7300)]
    assert told == ["0 s", "59 s", "1\xa0minute", "2\xa0hours"]
    assert age(None) == "-"
