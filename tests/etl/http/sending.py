"""Rows on their way to a service, and which of them arrived."""

from __future__ import annotations

from typing import Any

from etl.results import NodeResult
from tests.etl.conftest import Lab
from tests.etl.http.server import Reply, Service

TEN = "SELECT range + 1 AS id, 'n' || range AS name FROM range(10)"


def send(
    lab: Lab, service: Service, rows: Any = TEN, *, attempt: int = 1, **config: Any
) -> NodeResult:
    settings = {"url": service.url, "path": "store", **config}
    return lab.run("load.http", settings, rows, attempt=attempt)


def stored_ids(service: Service) -> list[int]:
    return [row["id"] for row in service.stored]


def odd(row: Any) -> Reply | None:
    return Reply(422, {"error": f"{row['id']} is odd"}) if row["id"] % 2 else None
