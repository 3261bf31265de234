"""What a schedule means: in words, and the next times, which are Airflow's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipelines.errors import InvalidSchedule
from pipelines.services import explain_schedule
from pipelines.services.fields import places

# What `CronMixin` of Airflow 3.3.2 gives, in UTC: where the clocks go forward and back, too.
AIRFLOW = [
    (
        ("30 2 * * *", "Europe/Paris", "2026-10-24T20:00"),
        ["2026-10-25T01:30", "2026-10-26T01:30", "2026-10-27T01:30"],
    ),
    (
        ("30 2 * * *", "Europe/Paris", "2027-03-27T20:00"),
        ["2027-03-28T01:30", "2027-03-29T00:30", "2027-03-30T00:30"],
    ),
    (
        ("30 1 * * *", "America/New_York", "2026-11-01T00:00"),
        ["2026-11-01T06:30", "2026-11-02T06:30", "2026-11-03T06:30"],
    ),
    (
        ("0 6 * * 1-5", "Europe/Paris", "2026-10-24T20:00"),
        ["2026-10-26T05:00", "2026-10-27T05:00", "2026-10-28T05:00"],
    ),
]


@pytest.mark.parametrize(("asked", "expected"), AIRFLOW)
def test_the_next_times_are_those_of_airflow(
    asked: tuple[str, str, str], expected: list[str]
) -> None:
    cron, zone, now = asked
    found = explain_schedule(cron, zone, now=datetime.fromisoformat(now).replace(tzinfo=UTC))
    utc = [moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M") for moment in found.next]
    assert utc[:3] == expected


def test_every_hour_comes_twice_when_the_clocks_go_back() -> None:
    now = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    found = explain_schedule("0 * * * *", "Europe/Paris", now=now)
    assert [moment.isoformat()[11:] for moment in found.next] == [
        *("02:00:00+02:00", "02:00:00+01:00", "03:00:00+01:00", "04:00:00+01:00"),
        "05:00:00+01:00",
    ]


@pytest.mark.parametrize(
    ("cron", "english", "french"),
    [
        ("0 6 * * 1-5", "At 06:00, Monday through Friday", "À 06:00, de lundi à vendredi"),
        ("*/15 * * * *", "Every 15 minutes", "Toutes les 15 minutes"),
        ("@daily", "At 00:00, every day", "À 00:00, tous les jours"),
        ("0  6 * *  *", "At 06:00, every day", "À 06:00, tous les jours"),
        (
            "0 0 1 1-3 *",
            "At 00:00, on day 1 of the month, January through March",
            "À 00:00, le 1 du mois, de janvier à mars",
        ),
    ],
)
def test_a_schedule_in_words(cron: str, english: str, french: str) -> None:
    assert explain_schedule(cron).words == english
    assert explain_schedule(cron, language="fr").words == french


@pytest.mark.parametrize(
    ("cron", "english", "french"),
    [
        ("*/90 * * * *", "Every hour", "Toutes les heures"),
        (
            "*/50 * * * *",
            "At 0 and 50 minutes past the hour",
            "0 et 50 minutes après l'heure",
        ),
        (
            "*/7 * * * *",
            "At 0, 7, 14, 21, 28, 35, 42, 49, and 56 minutes past the hour",
            "0, 7, 14, 21, 28, 35, 42, 49, et 56 minutes après l'heure",
        ),
        ("5/90 * * * *", "At 5 minutes past the hour", "5 minutes après l'heure"),
        (
            "*/15,40 * * * *",
            "At 0, 15, 30, 40, and 45 minutes past the hour",
            "0, 15, 30, 40, et 45 minutes après l'heure",
        ),
        ("0 */30 * * *", "At 00:00, every day", "À 00:00, tous les jours"),
        (
            "0 */9 * * *",
            "At 00:00, 09:00 and 18:00, every day",
            "À 00:00, 09:00 et 18:00, tous les jours",
        ),
        ("0 0 */20 * *", "At 00:00, on day 1 and 21 of the month", "À 00:00, le 1 et 21 du mois"),
        (
            "0 0 1 */13 *",
            "At 00:00, on day 1 of the month, only in January",
            "À 00:00, le 1 du mois, uniquement en janvier",
        ),
        ("0 0 * * */8", "At 00:00, only on Sunday", "À 00:00, uniquement le dimanche"),
        ("0 */6 * * *", "Every 6 hours", "Toutes les 6 heures"),
        ("*/1 * * * *", "Every minute", "Toutes les minutes"),
        (
            "0 9-17/3 * * *",
            "Every 3 hours, between 09:00 and 17:59",
            "Toutes les 3 heures, de 09:00 à 17:59",
        ),
    ],
)
def test_a_step_in_words_is_what_it_really_comes_to(cron: str, english: str, french: str) -> None:
    assert explain_schedule(cron).words == english
    assert explain_schedule(cron, language="fr").words == french


def test_a_day_of_the_month_and_one_of_the_week_are_either() -> None:
    words = explain_schedule("0 6 13 * 5").words
    assert words == "At 06:00, on day 13 of the month, or: at 06:00, only on Friday"


@pytest.mark.parametrize("cron", ["often", "0 6 * *", "H * * * *", "0 0 30 2 *", "@fortnightly"])
def test_what_saving_refuses_is_refused_here(cron: str) -> None:
    with pytest.raises(InvalidSchedule):
        explain_schedule(cron)


def test_a_weekday_of_the_month_is_followed() -> None:
    found = explain_schedule("0 6 * * 1#1", now=datetime(2026, 11, 28, tzinfo=UTC))
    assert "first Monday of the month" in found.words
    assert [moment.day for moment in found.next[:2]] == [7, 4]


@pytest.mark.parametrize("cron", ["0 6 L * 1#1", "0 6 * * 1#6", "0 6 15 * L5"])
def test_what_airflow_cannot_follow_is_said_so(cron: str) -> None:
    with pytest.raises(InvalidSchedule) as refused:
        explain_schedule(cron)
    assert "in a way that Airflow does not support" in refused.value.errors[0].message


def test_a_time_zone_that_differs_from_host_to_host_is_none() -> None:
    for zone in ("localtime", "Factory"):
        with pytest.raises(InvalidSchedule):
            explain_schedule("@daily", zone)
    assert "UTC" in places()
    assert not {"Factory", "localtime", "Etc/GMT+1"} & places()


@pytest.mark.parametrize("cron", ["@hourly", "@weekly", "@monthly", "@quarterly", "@yearly"])
def test_presets_are_explained(cron: str) -> None:
    assert len(explain_schedule(f" {cron} ").next) == 5
