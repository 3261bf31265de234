"""Scripts and styles are served, collected or not, without a word in the log."""

from __future__ import annotations

import asyncio
import warnings
from pathlib import Path

import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.asgi import get_asgi_application
from django.test import Client
from pytest_django.fixtures import Settings

STYLES = "/static/admin/css/base.css"


def status_of(client: Client, name: str) -> int:
    return client.get(f"/static/{name}").status_code


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


@pytest.mark.django_db
def test_the_production_server_sends_a_file_without_a_warning() -> None:
    async def body() -> bytes:
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "path": STYLES,
            "query_string": b"",
            "headers": [(b"host", b"testserver")],
        }
        page = ApplicationCommunicator(get_asgi_application(), scope)
        await page.send_input({"type": "http.request", "body": b"", "more_body": False})
        assert (await page.receive_output(10))["status"] == 200
        received = await page.receive_output(10)
        await page.wait(10)
        return bytes(received["body"])

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert asyncio.run(body()) == Client().get(STYLES).content != b""


@pytest.mark.django_db
def test_a_file_that_the_browser_has_is_not_sent_again() -> None:
    client = Client()
    first = client.get(STYLES)
    again = client.get(STYLES, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "Content-Type" not in again


@pytest.mark.django_db
def test_of_a_file_a_part_or_its_head_can_be_asked_for() -> None:
    client = Client()
    whole = client.get(STYLES)
    part = client.get(STYLES, headers={"Range": "bytes=2-5"})
    assert (part.status_code, part.content) == (206, whole.content[2:6])
    head = client.head(STYLES)
    assert (head.status_code, head.content) == (200, b"")
    assert head["Content-Length"] == whole["Content-Length"] == str(len(whole.content))


@pytest.mark.django_db
def test_a_file_that_was_replaced_meanwhile_is_sent_whole(
    settings: Settings, tmp_path: Path
) -> None:
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "mine.txt").write_text("here")
    client = Client()
    assert status_of(client, "mine.txt") == 200
    (tmp_path / "mine.txt").write_text("here, and longer")
    answer = client.get("/static/mine.txt")
    assert (answer.content, answer["Content-Length"]) == (b"here, and longer", "16")
