"""Addresses of channels: which are known, of which kind, and how much of them is shown."""

from __future__ import annotations

import logging

import pytest
from django.core.exceptions import ValidationError

from alerts.addresses import address_of, example, shown, without_secrets
from alerts.events import ChannelKind

SLACK = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
TELEGRAM = "tgram://123456789:ABCdefghijkLMNOPqrstUVwxYZabcdefghij/12345/"
MAIL = "mailtos://bot:s3cr%21et-word@smtp.example.com?to=team@example.com&from=bot@example.com"


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        ("slack", SLACK, SLACK),
        ("email", MAIL, MAIL),
        ("teams", "workflows://host/WORKFLOWID/SIGNATURE/", None),
        ("webhook", "https://example.com/hook?a=b", "jsons://example.com/hook?a=b"),
        ("webhook", " http://localhost:8000/hook ", "json://localhost:8000/hook"),
        ("webhook", "jsons://example.com/hook", None),
        ("other", TELEGRAM, None),
        ("other", SLACK, None),
    ],
)
def test_an_address_is_taken_as_its_service_shows_it(
    kind: str, typed: str, stored: str | None
) -> None:
    assert address_of(kind, typed) == (stored or typed)


@pytest.mark.parametrize(
    ("kind", "typed"),
    [("email", SLACK), ("slack", MAIL), ("other", "https://example.com"), ("webhook", "ftp://x")],
)
def test_an_address_of_another_kind_is_refused_with_an_example(kind: str, typed: str) -> None:
    with pytest.raises(ValidationError) as refused:
        address_of(kind, typed)
    assert example(kind) in refused.value.messages[0]


def test_every_kind_has_an_example() -> None:
    assert all(example(kind) for kind in ChannelKind)


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        (SLACK, "https://***"),
        (TELEGRAM, "tgram://***"),
        (MAIL, "mailtos://***@smtp.example.com/***"),
        ("jsons://example.com:8443/hook/token", "jsons://example.com:8443/***"),
        ("json://[::1]:80/x", "json://[::1]:80/***"),
    ],
)
def test_only_what_is_no_secret_is_shown(address: str, seen: str) -> None:
    assert shown(address) == seen


@pytest.mark.parametrize(
    ("address", "secrets"),
    [
        (SLACK, ["T1JJ3T3L2", "A1BRTD4JD", "TIiajkdnlazkcOXrIdevi7FQ"]),
        (TELEGRAM, ["123456789", "ABCdefghijkLMNOPqrstUVwxYZabcdefghij"]),
        (MAIL, ["s3cr%21et-word", "s3cr!et-word", "team@example.com"]),
        ("jsons://example.com/hook?token=abcdefg", ["abcdefg"]),
    ],
)
def test_no_part_of_an_address_stays_in_an_error(address: str, secrets: list[str]) -> None:
    text = f"Max retries exceeded with url: {' '.join(secrets)} on example.com"
    cleaned = without_secrets(text, address)
    assert not [secret for secret in secrets if secret in cleaned]
    assert "Max retries exceeded" in cleaned


def test_what_apprise_says_goes_to_no_log_for_it_quotes_addresses() -> None:
    seen: list[str] = []

    class Seen(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record.getMessage())

    apprise, ours = logging.getLogger("apprise"), Seen()
    others = list(apprise.handlers)
    apprise.addHandler(ours)
    try:
        with pytest.raises(ValidationError):
            address_of("teams", "workflows://example.com/secretsignature")
    finally:
        apprise.removeHandler(ours)
    assert "secretsignature" in " ".join(seen)
    # Those of the tests themselves are of other classes.
    assert logging.StreamHandler not in map(type, others)
    assert not apprise.propagate
