"""Made-up people and their orders, for the transformers that need no more."""

from __future__ import annotations

from typing import Any

from tests.etl.conftest import Lab

PEOPLE = [
    {"id": 1, "name": "Ann", "city": "Graz", "age": 30},
    {"id": 2, "name": "Bob", "city": "Lyon", "age": None},
    {"id": 3, "name": "Cyd", "city": "Graz", "age": 50},
]
ORDERS = [
    {"order": 10, "person": 1, "name": "chair"},
    {"order": 11, "person": 1, "name": "table"},
    {"order": 12, "person": 9, "name": "lamp"},
]


def run(lab: Lab, module: str, config: dict[str, Any], rows: Any = PEOPLE) -> list[dict[str, Any]]:
    return lab.records(lab.run(module, config, rows))
