"""extract.http against a real server on a loopback port."""

from __future__ import annotations

import gzip
import json
import logging
import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from etl.connections import Connection
from etl.errors import ConfigError, DataError, TransientError
from etl.http import pacing
from etl.http.addresses import base_url, shown
from etl.http.json_path import MISSING, find, parse
from etl.quarantine import TooManyRejectedError
from etl.results import NodeResult
from tests.etl.conftest import Lab
from tests.etl.http_server import LOGIN, PASSWORD, Reply, Service, certificate, running

pytestmark = pytest.mark.slow

FIVE = [{"id": number, "name": f"n{number}"} for number in range(1, 6)]


@pytest.fixture
def service() -> Iterator[Service]:
    with running() as started:
        started.records = list(FIVE)
        yield started


@pytest.fixture
def elsewhere(service: Service) -> Iterator[Service]:
    """Another service, on another port, that the first one points at."""
    with running() as other:
        other.records = [{"id": 99}]
        service.elsewhere = other.url
        yield other


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "_FIRST_WAIT", 0.01)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def read(lab: Lab, service: Service, path: str = "all", **config: Any) -> NodeResult:
    return lab.run("extract.http", {"url": service.url, "path": path, **config})


def ids(lab: Lab, result: NodeResult) -> list[int]:
    return [record["id"] for record in lab.records(result)]


def connected(lab: Lab, service: Service, **fields: Any) -> Lab:
    """Return the lab with the connection `shop`, which leads to the service."""
    port = int(service.url.rpartition(":")[2])
    given = {"type": "http", "host": "127.0.0.1", "port": port, "password": PASSWORD} | fields
    lab.connection = lambda connection_id: Connection(id=connection_id, **given)
    return lab


# What comes out.


def test_values_keep_what_json_says_of_them(lab: Lab, service: Service) -> None:
    service.records = [
        {
            "n": 1,
            "f": 1.5,
            "ok": True,
            "zip": "00123",
            "day": "2024-05-01",
            "at": "2024-05-01T06:00:00",
            "zoned": "2024-05-01T06:00:00.5+02:00",
            "ambiguous": "03-04-2024",
            "nested": {"a": [1, {"b": None}]},
            "list": ["x"],
            "mixed": 1,
            "none": None,
        },
        {"n": None, "mixed": "two", "late": "only here"},
    ]

    result = read(lab, service)

    assert result["schema"] == {
        "n": "BIGINT",
        "f": "DOUBLE",
        "ok": "BOOLEAN",
        "zip": "VARCHAR",
        "day": "DATE",
        "at": "TIMESTAMP",
        "zoned": "TIMESTAMP WITH TIME ZONE",
        "ambiguous": "VARCHAR",
        "nested": "JSON",
        "list": "JSON",
        "mixed": "VARCHAR",
        "none": "VARCHAR",
        "late": "VARCHAR",
    }
    first, second = lab.records(result)
    assert first["day"] == date(2024, 5, 1)
    assert first["zoned"] == datetime(2024, 5, 1, 4, 0, 0, 500_000, tzinfo=UTC)
    assert json.loads(first["nested"]) == {"a": [1, {"b": None}]}
    assert [first["mixed"], second["mixed"]] == ["1", "two"]
    assert second["late"] == "only here"
    assert second["nested"] is None


def test_given_types_win_and_stand_for_fields_that_no_record_has(
    lab: Lab, service: Service
) -> None:
    service.records = [{"amount": "1.10", "id": 12345678901234567890123, "tags": ["a", "b"]}]
    types = {
        "Amount": "DECIMAL(10, 2)",
        "id": "HUGEINT",
        "tags": "VARCHAR[]",
        "shipped": "DATE",
    }

    (record,) = lab.records(read(lab, service, types=types))

    assert record == {
        "amount": Decimal("1.10"),
        "id": Decimal(12345678901234567890123),
        "tags": ["a", "b"],
        "shipped": None,
    }


def test_odd_texts_arrive_as_they_are(lab: Lab, service: Service) -> None:
    texts = ['a "b"', "two\nlines", "ø✓", "'; DROP--", "", "NULL", "x\x00y", "\u2028"]
    service.records = [{"te'x\"t": text} for text in texts]

    assert [row["te'x\"t"] for row in lab.records(read(lab, service))] == texts


def test_a_list_of_one_object_and_an_empty_list_count(lab: Lab, service: Service) -> None:
    service.script = [Reply(body={"item": {"id": 7}}), Reply(body={"item": None}), Reply(204)]

    assert ids(lab, read(lab, service, records="item")) == [7]
    for _ in range(2):
        empty = read(lab, service, records="item", types={"id": "BIGINT"})
        assert (empty["shape"], empty["schema"]) == ([0, 1], {"id": "BIGINT"})


def test_no_record_and_no_types_leave_the_columns_unknown(lab: Lab, service: Service) -> None:
    service.records = []

    with pytest.raises(DataError, match="gave no record, so the columns are unknown"):
        read(lab, service)


def test_a_compressed_answer_is_read(lab: Lab, service: Service) -> None:
    packed = gzip.compress(json.dumps(FIVE).encode())
    service.script = [Reply(raw=packed, headers={"Content-Encoding": "gzip"})]

    assert ids(lab, read(lab, service)) == [1, 2, 3, 4, 5]


def test_the_order_of_records_is_kept(lab: Lab, service: Service) -> None:
    service.records = [{"id": number, "text": "x" * 50} for number in range(60_000)]

    assert ids(lab, read(lab, service)) == list(range(60_000))


def test_names_that_differ_in_case_only_are_refused(lab: Lab, service: Service) -> None:
    service.records = [{"id": 1}, {"ID": 2}]

    with pytest.raises(DataError, match="fields named 'id' and 'ID'"):
        read(lab, service)


def test_nothing_but_the_output_stays_in_the_staging(lab: Lab, service: Service) -> None:
    read(lab, service)

    files = sorted(path.name for path in Path(lab.staging).rglob("*") if path.is_file())
    assert files == ["manifest.json", "part-0.parquet"]


# Pages.


@pytest.mark.parametrize(
    ("path", "config", "requests"),
    [
        (
            "page",
            {
                "records": "data.items",
                "pagination": {"kind": "page", "size_parameter": "per_page", "size": 2},
            },
            3,
        ),
        ("page", {"records": "$.data['items']", "pagination": {"kind": "page"}}, 4),
        (
            "offset",
            {"pagination": {"kind": "offset", "size_parameter": "limit", "size": 5}},
            2,
        ),
        ("offset", {"pagination": {"kind": "offset"}}, 4),
        (
            "cursor",
            {
                "records": "rows",
                "pagination": {"kind": "cursor", "parameter": "after", "path": "meta.next"},
            },
            3,
        ),
        ("link", {"pagination": {"kind": "link"}}, 3),
        ("next", {"records": "rows", "pagination": {"kind": "next_url", "path": "next"}}, 3),
    ],
)
def test_every_way_to_page_gives_every_record_once(
    lab: Lab, service: Service, path: str, config: dict[str, Any], requests: int
) -> None:
    result = read(lab, service, path, **config)

    assert ids(lab, result) == [1, 2, 3, 4, 5]
    assert len(service.requests) == requests


def test_pages_can_be_asked_for_in_the_body(lab: Lab, service: Service) -> None:
    paging = {"kind": "page", "size_parameter": "per_page", "size": 2, "in_body": True}

    result = read(
        lab,
        service,
        "page",
        method="POST",
        body={"filter": {"a": 1}},
        records="data.items",
        pagination=paging,
    )

    assert ids(lab, result) == [1, 2, 3, 4, 5]
    assert [request.json for request in service.requests][1:] == [
        {"filter": {"a": 1}, "per_page": 2, "page": 2},
        {"filter": {"a": 1}, "per_page": 2, "page": 3},
    ]


def test_a_next_page_on_another_server_is_not_asked_for(
    lab: Lab, service: Service, elsewhere: Service
) -> None:
    lab = connected(lab, service)
    config = {"connection": "shop", "path": "foreign", "auth": "bearer", "records": "rows"}

    with pytest.raises(ConfigError, match="next page on another server"):
        lab.run("extract.http", {**config, "pagination": {"kind": "next_url", "path": "next"}})

    assert elsewhere.requests == []


def test_a_service_that_ignores_the_page_does_not_run_for_ever(lab: Lab, service: Service) -> None:
    with pytest.raises(DataError, match="gave the same page as the one before"):
        read(lab, service, "all", pagination={"kind": "page"})


def test_a_cursor_that_comes_back_does_not_run_for_ever(lab: Lab, service: Service) -> None:
    service.script = [Reply(body={"rows": [], "next": str(n % 2)}) for n in range(9)]

    with pytest.raises(DataError, match="leads back to a page"):
        read(lab, service, records="rows", pagination={"kind": "cursor", "path": "next"})


def test_too_many_pages_or_rows_fail_the_node(lab: Lab, service: Service) -> None:
    with pytest.raises(DataError, match="not at its end after 2 pages") as caught:
        read(lab, service, "link", pagination={"kind": "link"}, max_pages=2)
    assert caught.value.field == "config.max_pages"

    with pytest.raises(DataError, match="more than 4 records"):
        read(lab, service, "link", pagination={"kind": "link"}, max_rows=4)


# Credentials.


@pytest.mark.parametrize(
    ("auth", "fields"),
    [
        ({"auth": "basic"}, {"login": LOGIN}),
        ({}, {"login": LOGIN}),
        ({"auth": "bearer"}, {}),
        ({"auth": "header", "auth_name": "X-Key"}, {}),
        ({"auth": "query", "auth_name": "key"}, {}),
        ({}, {"extra": {"auth": "header", "auth_name": "X-Key"}}),
        ({}, {"extra": {"X-Key": PASSWORD, "timeout": "3"}}),
    ],
)
def test_each_way_to_log_in_works(
    lab: Lab, service: Service, auth: dict[str, str], fields: dict[str, Any]
) -> None:
    lab = connected(lab, service, **fields)

    result = lab.run("extract.http", {"connection": "shop", "path": "private", **auth})

    assert ids(lab, result) == [1, 2, 3, 4, 5]


def test_a_connection_may_be_a_uri_of_airflows_form(
    lab: Lab, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = service.url.removeprefix("http://")
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", f"http://{LOGIN}:{quote(PASSWORD, '')}@{address}/http")

    result = lab.run("extract.http", {"connection": "shop", "path": "private"})

    assert ids(lab, result) == [1, 2, 3, 4, 5]


def test_refused_credentials_name_the_connection_and_no_secret(lab: Lab, service: Service) -> None:
    lab = connected(lab, service, login="somebody")

    with pytest.raises(ConfigError, match="refused connection 'shop' with status 401") as caught:
        lab.run("extract.http", {"connection": "shop", "path": "private"})

    # The service repeats what was sent, as some do.
    assert "Authorization" in str(caught.value)
    assert PASSWORD not in str(caught.value)
    assert "Basic c29t" not in str(caught.value)


def test_a_key_in_the_query_is_in_no_message(
    lab: Lab, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    lab = connected(lab, service)
    service.script = [Reply(500), Reply(404)]
    config = {"connection": "shop", "auth": "query", "auth_name": "key", "query": {"a": "b"}}

    with caplog.at_level(logging.INFO), pytest.raises(ConfigError) as caught:
        lab.run("extract.http", config)

    assert f"{service.url}/?a=b&key=*** does not exist" in str(caught.value)
    assert "Trying again" in caplog.text
    assert PASSWORD not in caplog.text + str(caught.value)
    assert "s3cret" not in caplog.text + str(caught.value)


def test_a_secret_that_the_service_repeats_is_hidden_in_every_form(
    lab: Lab, service: Service
) -> None:
    lab = connected(lab, service)
    service.script = [Reply(400, f"{PASSWORD} {quote(PASSWORD, '')} {json.dumps(PASSWORD)}")]

    with pytest.raises(ConfigError, match="refused the request with status 400") as caught:
        lab.run("extract.http", {"connection": "shop", "auth": "bearer"})
    assert "s3cret" not in str(caught.value)


def test_cookies_do_not_go_to_another_server(
    lab: Lab, service: Service, elsewhere: Service
) -> None:
    away = {"Location": f"{elsewhere.url}/all", "Set-Cookie": "session=abc; Path=/"}
    service.script = [Reply(302, headers=away)]

    assert ids(lab, read(lab, service)) == [99]
    assert "Cookie" not in elsewhere.requests[0].headers


def test_an_address_that_is_none_is_not_followed(lab: Lab, service: Service) -> None:
    for location in ("http://[bad", f"http://{'a' * 80}.example"):
        service.script = [Reply(302, headers={"Location": location})]
        with pytest.raises(ConfigError, match=r"not of http or https|no request can be sent"):
            read(lab, service)


def test_many_fields_that_few_records_have_stay_columns(lab: Lab, service: Service) -> None:
    service.records = [{"id": n, f"field {n}": n} for n in range(400)]

    result = read(lab, service)

    assert result["shape"] == [400, 401]
    assert lab.records(result)[7]["field 7"] == 7


def test_the_login_of_a_netrc_file_is_not_sent(
    lab: Lab, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login {LOGIN} password {PASSWORD}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    with pytest.raises(ConfigError, match="needs a login"):
        read(lab, service, "private")


def test_a_certificate_is_checked_unless_the_connection_says_otherwise(
    lab: Lab, tmp_path: Path
) -> None:
    files = certificate(tmp_path)
    config = {"connection": "shop", "path": "private", "auth": "bearer"}
    with running(files) as service:
        service.records = list(FIVE)
        for extra in ({}, {"verify": "true"}):
            with pytest.raises(ConfigError, match="no certificate that can be trusted"):
                connected(lab, service, schema="https", extra=extra).run("extract.http", config)
        with pytest.raises(ConfigError, match="the file in the extra `verify`"):
            connected(lab, service, schema="https", extra={"verify": "/no/such.pem"}).run(
                "extract.http", config
            )
        assert service.requests == []
        for verify in (str(files[0]), False, "false"):
            lab = connected(lab, service, schema="https", extra={"verify": verify})
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                assert ids(lab, lab.run("extract.http", config)) == [1, 2, 3, 4, 5]


def test_a_redirect_to_another_server_gets_no_credentials(
    lab: Lab, service: Service, elsewhere: Service
) -> None:
    lab = connected(lab, service, extra={"X-Own": "also-a-secret"})
    for auth in (
        {"auth": "bearer"},
        {"auth": "header", "auth_name": "X-Key"},
        {"auth": "query", "auth_name": "key"},
    ):
        result = lab.run("extract.http", {"connection": "shop", "path": "away", **auth})
        assert ids(lab, result) == [99]

    assert len(elsewhere.requests) == 3
    for request in elsewhere.requests:
        told = f"{request.query} {dict(request.headers)}"
        assert PASSWORD not in told
        assert "also-a-secret" not in told


@pytest.mark.parametrize(
    ("path", "said"), [("loop", "led on more than 5 times"), ("file", "not of http or https")]
)
def test_redirects_are_limited_and_stay_with_http(
    lab: Lab, service: Service, path: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        read(lab, service, path)


def test_a_redirect_within_the_server_keeps_the_credentials(lab: Lab, service: Service) -> None:
    result = connected(lab, service).run(
        "extract.http", {"connection": "shop", "path": "moved", "auth": "bearer"}
    )

    assert ids(lab, result) == [1, 2, 3, 4, 5]
    assert service.requests[-1].headers["Authorization"] == f"Bearer {PASSWORD}"


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"headers": {"authorization": "Bearer abcdef"}}, "carries a secret"),
        ({"headers": {"X-API-Key": "abcdef"}}, "carries a secret"),
        ({"headers": {"X": "a\r\nY: abcdef"}}, "plain ASCII"),
        ({"query": {"api_key": "abcdef"}}, "carries a secret"),
        ({"url": "http://me:abcdef@127.0.0.1/"}, "holds a login"),
        ({"url": "http://127.0.0.1/?token=abcdef"}, "under query"),
        ({"url": "file:///etc/abcdef"}, "no address"),
        ({"path": "../abcdef"}, "as a part"),
        ({"path": "//evil/http://abcdef"}, "no path"),
        ({"connection": "shop"}, "either a connection or a url"),
        ({"auth": "bearer"}, "come from a connection"),
        ({"body": {"a": 1}}, "method POST only"),
        ({"records": "data[?(@.x)]"}, "no path into JSON"),
        ({"pagination": {"kind": "link", "start": 1}}, "means nothing"),
        ({"pagination": {"kind": "cursor"}}, "path must say where"),
    ],
)
def test_a_config_that_cannot_work_or_holds_a_secret_is_refused(
    lab: Lab, service: Service, config: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        lab.run("extract.http", {"url": service.url, **config})

    if said in ("carries a secret", "plain ASCII", "holds a login"):
        assert "abcdef" not in str(caught.value)
    assert service.requests == []


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({"host": "api.example.com"}, "http://api.example.com"),
        (
            {"host": "api.example.com", "schema": "https", "port": 8443},
            "https://api.example.com:8443",
        ),
        ({"host": "https://api.example.com/v1"}, "https://api.example.com/v1"),
        ({"host": "api.example.com", "type": "https"}, "https://api.example.com"),
        ({"host": "::1", "port": 80}, "http://[::1]:80"),
    ],
)
def test_a_connection_is_read_as_airflows_hook_does(fields: dict[str, Any], url: str) -> None:
    assert base_url(Connection(**{"id": "shop", "type": "http", **fields})) == url


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"type": "postgres", "host": "db"}, "is of type 'postgres'"),
        ({"type": "http"}, "gives no address"),
        ({"type": "http", "host": "x", "schema": "v1/api"}, "gives no address"),
        ({"type": "http", "host": "http://me:secret@x"}, "gives no address"),
    ],
)
def test_a_connection_that_leads_nowhere_is_said(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        base_url(Connection(id="shop", **fields))
    assert "secret" not in str(caught.value)


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


# Faulty records.


def test_records_that_are_no_objects_or_do_not_fit_are_set_aside(
    lab: Lab, service: Service
) -> None:
    service.records = [{"id": 1, "n": "5"}, "oops", {"id": 3, "n": "many"}, [4]]

    result = read(
        lab, service, "link", pagination={"kind": "link"}, types={"n": "INTEGER"}, max_rejected=3
    )

    assert lab.records(result) == [{"id": 1, "n": 5}]
    assert result["metrics"]["rows_in"] == 4
    assert result["metrics"]["rows_rejected"] == 3
    assert result["rejected"] is not None
    rejected = sorted(result["rejected"]["data"], key=lambda row: (row["file"], row["line"]))
    assert rejected == [
        {
            "reason": "a text, not an object",
            "field": None,
            "file": f"{service.url}/link",
            "line": 1,
            "record": '"oops"',
        },
        {
            "reason": "'many' is no INTEGER",
            "field": "n",
            "file": f"{service.url}/link?from=2",
            "line": 0,
            "record": '{"id":"3","n":"many"}',
        },
        {
            "reason": "a list, not an object",
            "field": None,
            "file": f"{service.url}/link?from=2",
            "line": 1,
            "record": "[4]",
        },
    ]


def test_a_faulty_record_fails_the_node_unless_it_is_accepted(lab: Lab, service: Service) -> None:
    service.records = [{"id": 1}, None]

    with pytest.raises(TooManyRejectedError, match=r"1 of 2 rows are faulty.*null, not an object"):
        read(lab, service)


# The parts.


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", {"a": {"b.c": [1, {"d": 2}]}}),
        ("$", {"a": {"b.c": [1, {"d": 2}]}}),
        ("a['b.c'][1].d", 2),
        ('$.a["b.c"][-1]', {"d": 2}),
        ("a.x", MISSING),
        ("a['b.c'][5]", MISSING),
    ],
)
def test_a_json_path_leads_to_a_value(path: str, found: object) -> None:
    assert find({"a": {"b.c": [1, {"d": 2}]}}, parse(path)) == found


@pytest.mark.parametrize("path", ["a..b", ".a", "a.", "a[", "a[x]", "$a", "a b", "a.['b']", "*['"])
def test_what_is_no_json_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="no path into JSON"):
        parse(path)


def test_pauses_grow_up_to_the_ceiling_and_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    waits = [[pacing.backoff(attempt, 8) for attempt in range(7)] for _ in range(20)]

    for attempt, longest in enumerate([0.5, 1, 2, 4, 8, 8, 8]):
        each = [row[attempt] for row in waits]
        assert longest / 2 <= min(each) < max(each) <= longest


def test_a_url_is_shown_without_its_secrets() -> None:
    url = "https://me:pw@x.org/a?page=2&sig=abc&X-Amz-Signature=abc&k=abc#abc"
    assert shown(url, {"k"}) == "https://x.org/a?page=2&sig=***&X-Amz-Signature=***&k=***"
