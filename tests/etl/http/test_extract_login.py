"""extract.http: who logs in how, and where credentials do not go."""

from __future__ import annotations

import json
import logging
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from etl.connections import Connection
from etl.errors import ConfigError
from etl.http.addresses import base_url, shown
from tests.etl.conftest import Lab
from tests.etl.http.conftest import FIVE, connected, ids, read
from tests.etl.http.server import LOGIN, PASSWORD, Reply, Service, certificate, running

pytestmark = pytest.mark.slow


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
        ({"url": "http://me:abcdef@\N{ACCOUNT OF}.com/"}, "holds a login"),
        ({"url": "http://["}, "no address"),
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


def test_a_url_is_shown_without_its_secrets() -> None:
    url = "https://me:pw@x.org/a?page=2&sig=abc&X-Amz-Signature=abc&k=abc#abc"
    assert shown(url, {"k"}) == "https://x.org/a?page=2&sig=***&X-Amz-Signature=***&k=***"
