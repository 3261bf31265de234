"""Executions a day as bars, drawn on the server: what a template needs to write an SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from executions.services.dashboard import DayFigures
from executions.statuses import ExecutionStatus
from logidata.addresses import executions_list

HEIGHT = 120
LEAST = 2
STEP = 48
WIDTH = 28
# From the bottom up.
STATUSES: tuple[str, ...] = (
    *(ExecutionStatus.SUCCESS, ExecutionStatus.FAILED, ExecutionStatus.CANCELLED),
    *(ExecutionStatus.UNKNOWN, ExecutionStatus.RUNNING, ExecutionStatus.PENDING),
)


@dataclass(frozen=True)
class Part:
    """The executions of one status on a day."""

    status: str
    count: int
    y: int
    height: int


@dataclass(frozen=True)
class Bar:
    """A day: where it stands, what it is made of, and the list of its executions."""

    day: date
    x: int
    parts: tuple[Part, ...]
    total: int
    address: str

    @property
    def middle(self) -> int:
        """Where the day's label stands."""
        return self.x + WIDTH // 2


@dataclass(frozen=True)
class Chart:
    """The bars, all measures in whole units of the drawing."""

    bars: tuple[Bar, ...]
    width: int
    height: int
    bar_width: int
    highest: int
    statuses: tuple[str, ...]


def chart_of(days: Sequence[DayFigures]) -> Chart:
    """Return the chart of these days; the highest bar has the whole height."""
    highest = max((figures.total for figures in days), default=0)
    return Chart(
        bars=tuple(
            Bar(
                figures.day,
                place * STEP + (STEP - WIDTH) // 2,
                _parts(figures, highest),
                figures.total,
                _address(figures.day),
            )
            for place, figures in enumerate(days)
        ),
        width=len(days) * STEP,
        height=HEIGHT,
        bar_width=WIDTH,
        highest=highest,
        statuses=tuple(
            status for status in STATUSES if any(figures.counts.get(status) for figures in days)
        ),
    )


def _parts(figures: DayFigures, highest: int) -> tuple[Part, ...]:
    counts = {status: count for status in STATUSES if (count := figures.counts.get(status, 0))}
    if not counts:
        return ()
    # What is there is seen, however few beside the others: the most give way to them.
    heights = {
        status: max(LEAST, round(HEIGHT * count / highest)) for status, count in counts.items()
    }
    most = max(heights, key=heights.__getitem__)
    heights[most] -= max(0, sum(heights.values()) - HEIGHT)
    parts, bottom = [], HEIGHT
    for status, height in heights.items():
        bottom -= height
        parts.append(Part(status, counts[status], bottom, height))
    return tuple(parts)


def _address(day: date) -> str:
    begin = timezone.make_aware(datetime.combine(day, time()))
    return executions_list(created_at__gte=begin, created_at__lt=begin + timedelta(days=1))
