"""Scripts and styles are served, collected or not, without a word in the log."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings


def status_of(client: Client, name: str) -> int:
    answer = client.get(f"/static/{name}")
    answer.close()
    return answer.status_code


# The end of a request looks at the connections that earlier tests left open.
@pytest.mark.django_db
@pytest.mark.parametrize("collected", [True, False])
def test_files_of_apps_are_served_with_and_without_collecting(
    settings: Settings, tmp_path: Path, collected: bool
) -> None:
    settings.STATIC_ROOT = tmp_path / "static"
    if collected:
        settings.STATIC_ROOT.mkdir()
        (settings.STATIC_ROOT / "mine.txt").write_text("here")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        client = Client()
        assert status_of(client, "admin/css/base.css") == 200
    assert status_of(client, "mine.txt") == (200 if collected else 404)
