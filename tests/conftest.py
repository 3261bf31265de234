"""Fixtures that tests of several packages share."""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis
import pytest
from django.utils import timezone, translation
from pytest_django.fixtures import Settings

from tests.services import Services

# A busy machine is no reason to fail.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--airflow",
        metavar="VERSION",
        help="run the live tests with the Airflow of .venv-airflow-VERSION (make test-airflows)",
    )
    parser.addoption(
        "--screenshots",
        metavar="FOLDER",
        help="keep what the pages look like to the live tests in this folder (make screenshots)",
    )
    parser.addoption(
        "--write-reliability",
        action="store_true",
        help="write what the tests of faults saw into docs/reliability.md (make reliability)",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Count the tests of properties, which run a hundred examples each, among the slow ones."""
    for item in items:
        if hypothesis.is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Settings) -> None:
    # The slow hash of production is what most of such tests' time would go to.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _language_of_nobody() -> Iterator[None]:
    """Forget the language and the time zone that a page was asked for in."""
    yield
    translation.deactivate()
    timezone.deactivate()


@pytest.fixture
def warehouse_url(services: Services, monkeypatch: pytest.MonkeyPatch) -> str:
    """The libpq URL of the test warehouse; the connection `warehouse` leads there too."""
    url = services.url("warehouse")
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", url)
    return url
