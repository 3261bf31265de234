"""extract.http: services that are slow, busy, away, or answer something else."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from etl.errors import ConfigError, DataError, TransientError
from etl.http import pacing
from tests.etl.conftest import Lab
from tests.etl.http.conftest import FIVE, ids, read
from tests.etl.http.server import Reply, Service

pytestmark = pytest.mark.slow


# A service that is busy, broken or slow.


def test_a_rate_limit_of_the_service_is_kept_to(lab: Lab, service: Service) -> None:
    service.per_second = 5

    result = read(lab, service, "link", pagination={"kind": "link"}, requests_per_second=2)

    assert ids(lab, result) == [1, 2, 3, 4, 5]
    assert len(service.requests) == 3


def test_a_service_that_limits_is_asked_again_when_it_says(lab: Lab, service: Service) -> None:
    service.script = [Reply(429, headers={"Retry-After": "1"})]

    assert ids(lab, read(lab, service)) == [1, 2, 3, 4, 5]
    first, second = service.requests
    assert second.at - first.at >= 1


def test_a_longer_pause_than_accepted_is_left_to_a_later_try(lab: Lab, service: Service) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    for value in ("3600", soon):
        service.script = [Reply(503, headers={"Retry-After": value})]
        with pytest.raises(TransientError, match=r"left alone for 3\d\d\d s, which is more"):
            read(lab, service)
    assert len(service.requests) == 2


def test_what_does_not_get_through_is_sent_again(lab: Lab, service: Service) -> None:
    service.script = [Reply(drop=True), Reply(500), Reply(hang=0.6), Reply(502)]

    assert ids(lab, read(lab, service, read_timeout=0.3)) == [1, 2, 3, 4, 5]
    assert len(service.requests) == 5


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(503, {"why": "maintenance"}), r'answered 503 .*\{"why": "maintenance"\}'),
        (Reply(drop=True), "cannot be reached, or broke off"),
        (Reply(hang=5), "did not answer in time"),
    ],
)
def test_a_service_that_stays_away_is_worth_a_later_try(
    lab: Lab, service: Service, reply: Reply, said: str
) -> None:
    service.script = [reply] * 9

    with pytest.raises(TransientError, match=said):
        read(lab, service, retries=2, read_timeout=0.2)
    assert len(service.requests) == 3


def test_nobody_at_the_address_is_worth_a_later_try(lab: Lab) -> None:
    with pytest.raises(TransientError, match="cannot be reached"):
        lab.run("extract.http", {"url": "http://127.0.0.1:1", "retries": 1})


def test_the_first_failed_page_fails_the_node_and_keeps_nothing(lab: Lab, service: Service) -> None:
    service.script = [Reply(body=FIVE[:2], headers={"Link": '</gone>; rel="next"'})]

    with pytest.raises(ConfigError, match=r"/gone does not exist \(status 404\)"):
        read(lab, service, pagination={"kind": "link"})
    assert not list(Path(lab.staging).rglob("manifest.json"))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>Please log in</html>", r"no JSON: .* and begins: <html>Please log in</html>"),
        (b"", "it is empty"),
        (b'[{"a": NaN}]', "cannot be read"),
        (b"[" * 200_000, "nested too deeply"),
        (b'[{"a": "\xff"}]', "cannot be read"),
    ],
)
def test_what_is_no_json_is_shown(lab: Lab, service: Service, body: bytes, said: str) -> None:
    service.script = [Reply(raw=body)]

    with pytest.raises(DataError, match=said):
        read(lab, service)


def test_a_path_to_nothing_says_what_there_is(lab: Lab, service: Service) -> None:
    service.script = [Reply(body={"items": [], "total": 0})]

    with pytest.raises(DataError, match=r"has: items, total, holds nothing at 'data\.items'"):
        read(lab, service, records="data.items")


def test_an_answer_that_is_too_large_is_refused_also_unpacked(lab: Lab, service: Service) -> None:
    huge = gzip.compress(b"[" + b" " * 3_000_000 + b"]")
    assert len(huge) < 10_000
    service.script = [Reply(raw=huge, headers={"Content-Encoding": "gzip"})]

    with pytest.raises(DataError, match="larger than 1 MB"):
        read(lab, service, max_response_mb=1)


def test_pauses_grow_up_to_the_ceiling_and_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    waits = [[pacing.backoff(attempt, 8) for attempt in range(7)] for _ in range(20)]

    for attempt, longest in enumerate([0.5, 1, 2, 4, 8, 8, 8]):
        each = [row[attempt] for row in waits]
        assert longest / 2 <= min(each) < max(each) <= longest
