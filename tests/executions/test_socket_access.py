"""Who may open the sockets of executions, and from where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from executions import consumers
from executions.models import PipelineExecution
from executions.transitions import change_status
from logidata import sockets
from tests.executions.conftest import some_id
from tests.executions.sockets import Page, meanwhile, of, play, session, sign_in

__all__ = ["session"]

# Each waits until a socket is closed, or stays open.
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_a_page_without_a_session_is_closed_with_4401(pending: PipelineExecution) -> None:
    async def scene() -> tuple[int, int]:
        async with Page(of(pending)) as page:
            nobody = await page.closed_with()
        async with Page(of(pending), "a-key-that-somebody-made-up") as page:
            return nobody, await page.closed_with()

    assert play(scene) == (4401, 4401)


def test_a_page_of_somebody_without_the_permission_is_closed_with_4403(
    pending: PipelineExecution, user: Any
) -> None:
    session = sign_in(user)

    async def scene() -> tuple[int, int]:
        async with Page(of(pending), session) as page:
            one = await page.closed_with()
        async with Page("/ws/executions", session) as page:
            return one, await page.closed_with()

    assert play(scene) == (4403, 4403)


def test_a_page_of_no_execution_is_closed_with_4404(session: str) -> None:
    async def scene() -> int:
        async with Page(f"/ws/executions/{some_id()}", session) as page:
            return await page.closed_with()

    assert play(scene) == 4404


@pytest.fixture
def checked_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "CHECK_EVERY", 0.1)
    monkeypatch.setattr(consumers, "_CHECK_APART", 0.0)


def test_a_permission_that_is_taken_away_closes_the_page(
    pending: PipelineExecution, session: str, user: Any, checked_often: None
) -> None:
    async def scene() -> int:
        async with Page(of(pending), session) as page:
            await page.state()
            await meanwhile(user.user_permissions.clear)()
            return await page.closed_with()

    assert play(scene) == 4403


def sign_out(user: Any) -> None:
    Session.objects.all().delete()


def expire(user: Any) -> None:
    Session.objects.update(expire_date=timezone.now())


def deactivate(user: Any) -> None:
    type(user).objects.filter(pk=user.pk).update(is_active=False)


def change_password(user: Any) -> None:
    user.set_password("another one")
    user.save()


@pytest.mark.parametrize("end", [sign_out, expire, deactivate, change_password])
def test_the_end_of_a_login_closes_the_page(
    pending: PipelineExecution,
    session: str,
    user: Any,
    checked_often: None,
    end: Callable[[Any], None],
) -> None:
    async def scene() -> int:
        async with Page(of(pending), session) as page:
            await page.state()
            await meanwhile(end)(user)
            return await page.closed_with()

    assert play(scene) == 4401


def test_what_may_be_done_follows_the_permissions_of_each_user(
    pending: PipelineExecution, session: str, user: Any, permit: Callable[..., None]
) -> None:
    permit("cancel_pipelineexecution", "execute_pipeline")

    def end() -> None:
        change_status(pending.pk, "failed", completed_at=timezone.now())

    async def scene() -> list[dict[str, bool]]:
        async with Page(of(pending), session) as page:
            first = (await page.state())["actions"]
            await meanwhile(end)()
            seen = await page.until(lambda state: state["status"] == "failed")
            return [first, seen[-1]["actions"]]

    assert play(scene) == [
        {"cancel": True, "retry": False, "run_again": False},
        {"cancel": False, "retry": True, "run_again": True},
    ]


@pytest.mark.parametrize(
    ("origin", "is_open"),
    [
        ("http://testserver", True),
        ("https://testserver", True),
        ("http://testserver:81", False),
        ("https://console.example.org", True),
        ("http://console.example.org", False),
        ("https://a.trusted.example", True),
        ("https://trusted.example.evil.org", False),
        ("https://evil.example.com", False),
        ("null", False),
        ("http://[", False),
        (None, False),
    ],
)
def test_a_page_of_another_site_opens_no_socket(
    pending: PipelineExecution, session: str, settings: Any, origin: str | None, is_open: bool
) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://console.example.org", "https://*.trusted.example"]

    async def scene() -> bool:
        async with Page(of(pending), session, origin=origin) as page:
            return page.is_open

    assert play(scene) is is_open


@pytest.mark.parametrize(("origin", "is_open"), [("https", True), ("http", False)])
def test_a_page_that_anybody_on_the_way_may_have_written_opens_no_secure_socket(
    pending: PipelineExecution, session: str, origin: str, is_open: bool
) -> None:
    async def scene() -> bool:
        page = Page(of(pending), session, origin=f"{origin}://testserver", scheme="wss")
        async with page:
            return page.is_open

    assert play(scene) is is_open


def test_a_host_that_is_not_ours_opens_no_socket(pending: PipelineExecution, session: str) -> None:
    async def scene() -> bool:
        page = Page(of(pending), session, origin="http://evil.example", host="evil.example")
        async with page:
            return page.is_open

    assert play(scene) is False


def test_there_is_no_socket_elsewhere(session: str) -> None:
    async def scene() -> bool:
        async with Page("/ws/elsewhere", session) as page:
            return page.is_open

    assert play(scene) is False


def test_a_session_has_no_more_sockets_than_somebody_looks_at(
    session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = "/ws/executions"

    async def scene() -> list[bool]:
        async with Page(lists, session) as one, Page(lists, session) as two:
            async with Page(lists, session) as third:
                opened = [one.is_open, two.is_open, third.is_open]
            async with Page(lists, "another session") as other:
                opened.append(other.is_open)
        async with Page(lists, session) as later:
            return [*opened, later.is_open]

    limited = sockets.CookieMiddleware(sockets.NotTooMany(sockets.URLRouter(consumers.routes), 2))
    monkeypatch.setattr("tests.executions.sockets.websockets", limited)
    assert play(scene) == [True, True, False, True, True]
