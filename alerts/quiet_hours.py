"""Hours in which nothing is sent, by the clock of a time zone."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class QuietHours:
    """From `begin` until `end` on `weekdays` (0 is Monday; none means all), in a time zone.

    An end before the beginning is on the next day; the same time is a whole day. The weekday is
    that on which they begin.
    """

    begin: time
    end: time
    timezone: str
    weekdays: frozenset[int] = frozenset()

    @property
    def never_end(self) -> bool:
        """Whether there is no other time."""
        return self.begin == self.end and (not self.weekdays or len(self.weekdays) == 7)

    def until(self, moment: datetime) -> datetime | None:
        """Return when the quiet hours around the moment end; None if it is not in any.

        Those that follow without a gap count as one. Hours that never end give None.
        """
        if self.never_end:
            return None
        ended = None
        # One period may lead into the next, at most once a weekday and the night before.
        for _ in range(9):
            end = self._end_around(ended or moment)
            if end is None:
                return ended
            ended = end
        return ended

    def _end_around(self, moment: datetime) -> datetime | None:
        zone = ZoneInfo(self.timezone)
        today = moment.astimezone(zone).date()
        for day in (today, today - _DAY):
            if self.weekdays and day.weekday() not in self.weekdays:
                continue
            last = day if self.begin < self.end else day + _DAY
            # Each wall-clock time becomes a moment by itself, so that a day may have 23 hours.
            begin = datetime.combine(day, self.begin, zone).astimezone(UTC)
            ends = datetime.combine(last, self.end, zone)
            # Of an hour that comes twice the second one: until then the clock says it is quiet.
            end = max(ends.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
            if begin <= moment < end:
                return end
        return None
