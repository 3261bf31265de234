"""A pytest plug-in: a private PostgreSQL and Redis for the tests that need no running stack.

Loaded with `-p`, so that the servers and their addresses are there before Django reads its
settings.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from redis import Redis, RedisError

from stack import postgres, redis
from stack.ports import Ports

PASSWORD = "only-for-tests"


@dataclass
class Services:
    """Two servers in a temporary folder, ended with the test run."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="logidata-tests-")))
    # Nothing in a test outlives the run, so nothing needs to reach the disk.
    durable: bool = False
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        """Start both servers on free loopback ports and set the environment to use them."""
        # Also when pytest itself fails before its own end-of-run hooks.
        atexit.register(self.stop)
        self.ports = Ports.choose_free()
        data, redis_data = self.folder / "postgres", self.folder / "redis"
        redis_data.mkdir()
        postgres.initialise(data, PASSWORD)
        careless = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
        serve = postgres.serve_command(data, self.ports.postgres)
        self._run(serve if self.durable else [*serve, *careless], self.folder)
        self._run(redis.serve_command(redis_data, self.ports.redis, PASSWORD), redis_data)
        self._wait(lambda: psycopg.connect(self.admin_url).close(), psycopg.Error)
        self._wait(lambda: Redis.from_url(self.redis_url).close(), RedisError)
        for name in ("logidata", "warehouse"):
            postgres.create_database(self.admin_url, name, PASSWORD)
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute("ALTER ROLE logidata CREATEDB")
        os.environ.update(self.environment())

    def environment(self) -> dict[str, str]:
        """Return settings for a LogiData on these servers, with no Airflow that answers."""
        return {
            "LOGIDATA_SECRET_KEY": "only-for-tests-" * 4,
            "LOGIDATA_DATABASE_URL": self.url("logidata"),
            "LOGIDATA_REDIS_URL": self.redis_url,
            "LOGIDATA_DAGS_DIR": str(self.folder / "dags"),
            "LOGIDATA_STAGING": str(self.folder / "staging"),
            "LOGIDATA_STATE": str(self.folder / "state"),
            "LOGIDATA_DATA_DIRS": str(self.folder / "data"),
            # Nothing listens on port 1: a test that needs an Airflow brings its own.
            "AIRFLOW_API_URL": "http://127.0.0.1:1",
            "AIRFLOW_USERNAME": "admin",
            "AIRFLOW_PASSWORD": PASSWORD,
        }

    @property
    def admin_url(self) -> str:
        return postgres.url(self.ports.postgres, "postgres", PASSWORD, "postgres")

    @property
    def redis_url(self) -> str:
        return redis.url(self.ports.redis, PASSWORD)

    def url(self, database: str) -> str:
        return postgres.url(self.ports.postgres, database, PASSWORD, database)

    def stop(self) -> None:
        """Stop both servers and remove what they wrote."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(timeout=30)
        self.processes.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, command: list[str], folder: Path) -> None:
        with (folder / f"{Path(command[0]).name}.log").open("wb") as log:
            self.processes.append(
                subprocess.Popen(
                    command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )
            )

    def _wait(
        self, attempt: Callable[[], None], error: type[Exception], seconds: float = 30
    ) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                return attempt()
            except error:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)


_services = Services()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    # A wrapper runs before every plain hook, and so before pytest-django reads the settings.
    _services.start()
    yield


def pytest_unconfigure() -> None:
    _services.stop()


@pytest.fixture(scope="session")
def services() -> Services:
    return _services
