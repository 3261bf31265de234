"""What a schedule means: in words, and the next times that it comes."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cron_descriptor import (  # type: ignore[import-untyped]
    CasingTypeEnum,
    ExpressionDescriptor,
    Options,
)
from croniter import croniter
from django.utils.translation import gettext as _
from django.utils.translation import override

from pipelines.errors import InvalidSchedule, Problem
from pipelines.services.fields import CRON_PRESETS, problems_of_field, tidied

LANGUAGES = {"en": "en_US", "fr": "fr_FR"}
SHOWN_TIMES = 5

# What Airflow takes them for.
_PRESETS = dict(
    zip(
        CRON_PRESETS,
        ("0 * * * *", "0 0 * * *", "0 0 * * 0", "0 0 1 * *", "0 0 1 */3 *", "0 0 1 1 *"),
        strict=True,
    )
)
# The package takes these from the process, whatever language it is asked for.
_FRENCH = {
    **dict(
        zip(
            ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
            ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
            strict=True,
        )
    ),
    **dict(
        zip(
            (
                *("January", "February", "March", "April", "May", "June", "July"),
                *("August", "September", "October", "November", "December"),
            ),
            (
                *("janvier", "février", "mars", "avril", "mai", "juin", "juillet"),
                *("août", "septembre", "octobre", "novembre", "décembre"),
            ),
            strict=True,
        )
    ),
}
# Certain times of every day.
_AT_TIMES = re.compile(r"[\d,]+ [\d,]+ \* \* \*\Z")
_STEP_OF_ALL = re.compile(r"\*/(\d+)\Z")
_STEP_OF_RANGE = re.compile(r"(\d+)-(\d+)/(\d+)\Z")
# Of minutes, hours and months; of days no step goes on from one month, or week, to the next.
_LENGTHS = (60, 24, 1, 12, 1)
_NAMES = re.compile(rf"\b({'|'.join(_FRENCH)})\b")


@dataclass(frozen=True)
class ScheduleMeaning:
    """A schedule for people: `words`, and the `next` times in its time zone."""

    words: str
    next: list[datetime]


def explain_schedule(
    cron: str, timezone: str = "UTC", language: str = "en", *, now: datetime | None = None
) -> ScheduleMeaning:
    """Return what a schedule means, in one of LANGUAGES; raise InvalidSchedule.

    Its times are those at which Airflow starts the pipeline, also where the clocks change.
    """
    cron = tidied("schedule", cron)
    problems = [
        Problem(None, field, message)
        for field, value in (("schedule", cron), ("timezone", timezone))
        for message in problems_of_field(field, value)
    ]
    if problems:
        raise InvalidSchedule(problems)
    if not cron:
        with override(language):
            return ScheduleMeaning(_("Only when someone executes it"), [])
    expression = " ".join(_PRESETS.get(cron, cron).split())
    times = [(now or datetime.now(UTC)).astimezone(ZoneInfo(timezone))]
    for _number in range(SHOWN_TIMES):
        times.append(_after(times[-1], expression))
    return ScheduleMeaning(_words(expression, language), times[1:])


def _after(moment: datetime, expression: str) -> datetime:
    """Return the next time in the time zone of `moment`, as Airflow's timetables find it."""
    zone = moment.tzinfo
    naive = moment.replace(tzinfo=None, fold=0)
    cron = croniter(expression, start_time=naive)
    found: datetime = cron.get_next(datetime)
    if cron.expanded[1] == ["*"]:
        # Every hour: also in the one that comes twice when the clocks go back.
        return (moment.astimezone(UTC) + (found - naive)).astimezone(zone)
    # Of a time that comes twice Airflow takes the second; of one that the clocks leave out, the one
    # that they show instead. Both are what the offset further west gives.
    readings = (found.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    return min(readings, key=datetime.utcoffset).astimezone(UTC).astimezone(zone)  # type: ignore[arg-type]


def _words(expression: str, language: str) -> str:
    minute, hour, day, month, weekday = _with_steps_spelled_out(expression)
    if day == "*" or weekday == "*":
        return _described(f"{minute} {hour} {day} {month} {weekday}", language)
    # Where both are given, cron takes a day that fits either.
    by_day = _described(f"{minute} {hour} {day} {month} *", language)
    by_weekday = _described(f"{minute} {hour} * {month} {weekday}", language)
    with override(language):
        return _("%(one)s, or: %(other)s") % {
            "one": by_day,
            "other": by_weekday[:1].lower() + by_weekday[1:],
        }


def _with_steps_spelled_out(expression: str) -> list[str]:
    """Return the fields, with the values that steps come to where "every n" would not be true.

    A step begins anew with each hour, day, month and year: `*/7` is no "every 7 minutes" from 56 to
    0, and `*/90` comes once an hour.
    """
    fields = zip(expression.split(), croniter(expression).expanded, _LENGTHS, strict=False)
    return [
        ",".join(map(str, values)) if "/" in field and not _is_regular(field, length) else field
        for field, values, length in fields
    ]


def _is_regular(field: str, length: int) -> bool:
    """Return whether the words for a field's step are true of all its times."""
    if found := _STEP_OF_ALL.match(field):
        step = int(found[1])
        return step == 1 or (step < length and length % step == 0)
    # "Every 2 hours, between 8 and 18": of days and months a list says it better.
    found = _STEP_OF_RANGE.match(field) if length >= 24 else None
    return found is not None and int(found[1]) + int(found[3]) <= int(found[2])


def _described(expression: str, language: str) -> str:
    options = Options()
    options.locale_code = LANGUAGES[language]
    options.casing_type = CasingTypeEnum.Sentence
    options.use_24hour_time_format = True
    # Else "at 06:00" is all that it says of every day.
    options.verbose = bool(_AT_TIMES.match(expression))
    words: str = ExpressionDescriptor(expression, options).get_description()
    return _NAMES.sub(lambda match: _FRENCH[match[0]], words) if language == "fr" else words
