"""The private PostgreSQL: what a process that was killed leaves open is closed."""

from __future__ import annotations

import time

import psycopg
import pytest

from stack import postgres
from tests.services import Services


@pytest.mark.slow
def test_a_session_that_leaves_its_transaction_open_is_ended_with_its_locks(
    services: Services,
) -> None:
    postgres.create_database(services.admin_url, "idler", "secret")
    postgres.end_idle_transactions(services.admin_url, "idler", 1)
    port = services.ports.postgres
    with psycopg.connect(postgres.url(port, "idler", "secret", "idler")) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(1)")
        time.sleep(1.5)
        with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
            connection.execute("SELECT 1")
