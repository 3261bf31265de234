"""The lock that keeps one look at Airflow from running beside another."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

LOCK = 0x10617DA7A


@contextmanager
def alone() -> Iterator[bool]:
    """Hold the database's lock for syncing, if it is free; it is freed when the process dies.

    It spares work and is not what keeps the state true: each write has its own conditions.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        (held,) = cursor.fetchone()
    try:
        yield held
    finally:
        if held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
