"""Asking for previews in tests, and running them where a worker would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rest_framework.test import APIClient

from pipelines import tasks

URL = "/api/v1/previews"


@dataclass
class Previews:
    """Previews over the API, run when a test says so."""

    api: APIClient
    graph: dict[str, Any]

    def ask(self, node: str = "keep_paid", status: int = 202, **more: Any) -> dict[str, Any]:
        body = {"config": self.graph, "params": {"min_amount": 10}, "node": node, **more}
        answer = self.api.post(URL, body)
        assert answer.status_code == status, answer.content
        found: dict[str, Any] = answer.json()
        return found

    def look(self, preview: dict[str, Any], status: int = 200) -> dict[str, Any]:
        answer = self.api.get(f"{URL}/{preview['id']}")
        assert answer.status_code == status, answer.content
        found: dict[str, Any] = answer.json()
        return found

    def run(self, node: str = "keep_paid", **more: Any) -> dict[str, Any]:
        """Ask for a preview, run it, and return how it ended."""
        preview = self.ask(node, **more)
        tasks.run_preview(preview["id"])
        return self.look(preview)


def rows_of(preview: dict[str, Any], output: str = "") -> list[dict[str, Any]]:
    """Return the rows that a preview that is ready shows."""
    assert preview["status"] == "ready", preview
    rows: list[dict[str, Any]] = preview["outputs"][output]["rows"]
    return rows
