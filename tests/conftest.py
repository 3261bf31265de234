"""Fixtures that tests of several packages share."""

from __future__ import annotations

import pytest

from tests.services import Services


@pytest.fixture
def warehouse_url(services: Services, monkeypatch: pytest.MonkeyPatch) -> str:
    """The libpq URL of the test warehouse; the connection `warehouse` leads there too."""
    url = services.url("warehouse")
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", url)
    return url
