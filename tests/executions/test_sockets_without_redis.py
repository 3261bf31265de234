"""What the pages of executions are told while Redis is away, and once it is back."""

from __future__ import annotations

from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer

from executions import consumers, watching
from executions.models import PipelineExecution
from executions.transitions import begin_attempt, change_status
from tests.executions.conftest import again
from tests.executions.sockets import Page, meanwhile, of, play, session

__all__ = ["session"]

# Each waits for what comes over a socket, or that nothing comes.
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def without_redis(settings: Any) -> None:
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": ["redis://127.0.0.1:1/0"]},
        }
    }


def test_while_redis_is_away_pages_look_by_themselves(
    pending: PipelineExecution,
    session: str,
    without_redis: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watching, "WHILE_ACTIVE", 0.2)

    async def scene() -> str:
        async with Page(of(pending), session) as page:
            await page.state()
            await meanwhile(change_status)(pending.pk, "running")
            return str((await page.until(lambda state: state["status"] == "running"))[-1]["status"])

    assert play(scene) == "running"


def test_while_redis_is_away_what_has_ended_is_looked_at_as_often_as_what_runs(
    pending: PipelineExecution,
    session: str,
    without_redis: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watching, "WHILE_ACTIVE", 0.2)
    change_status(pending.pk, "failed")

    async def scene() -> int:
        async with Page(of(pending), session) as page:
            await page.state()
            await meanwhile(begin_attempt)(await meanwhile(again)(pending), reason="again")
            return int((await page.until(lambda state: state["attempt"] == 2))[-1]["attempt"])

    assert play(scene) == 2


def test_a_page_is_told_that_changes_are_not_heard_of_and_that_they_are_again(
    pending: PipelineExecution, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = GoingLayer()
    monkeypatch.setattr(watching, "get_channel_layer", lambda: layer)
    monkeypatch.setattr(watching, "ECHO_EVERY", 0.02)
    monkeypatch.setattr(watching, "_TRY_AGAIN", 0.02)

    async def scene() -> list[bool]:
        async with Page(of(pending), session) as page:
            told = [(await page.next())["hears"]]
            layer.is_away = True
            told.append((await page.next())["hears"])
            layer.is_away = False
            return [*told, (await page.next())["hears"]]

    assert play(scene) == [True, False, True]


class GoingLayer(InMemoryChannelLayer):
    """A channel layer that goes away, and comes back without what was sent meanwhile."""

    is_away = False
    opened = 0

    async def new_channel(self, prefix: str = "specific.") -> str:
        self._reach()
        self.opened += 1
        return str(await super().new_channel(prefix))

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        self._reach()
        await super().send(channel, message)

    def _reach(self) -> None:
        if self.is_away:
            raise ConnectionError("Redis is away")


def test_a_redis_that_goes_and_comes_back_is_told_of_once_and_what_was_missed_is_looked_at(
    pending: PipelineExecution,
    session: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    layer = GoingLayer()
    monkeypatch.setattr(watching, "get_channel_layer", lambda: layer)
    monkeypatch.setattr(watching, "ECHO_EVERY", 0.02)
    monkeypatch.setattr(watching, "_TRY_AGAIN", 0.02)

    def said() -> list[str]:
        return [record.getMessage() for record in caplog.records if "seen" in record.getMessage()]

    async def scene() -> tuple[dict[str, Any], list[str]]:
        async with Page("/ws/executions", session) as page:
            assert await page.hears_nothing(0.3)
            layer.is_away = True
            assert await page.hears_nothing(0.5)
            layer.is_away = False
            return await page.next(), said()

    message, told = play(scene)
    assert message == {"type": "changed", "executions": [], "more": True}
    assert told == [
        "Changes are seen later, by looking for them: Redis is away",
        "Changes are seen at once again.",
    ]
    assert layer.opened == 2
    assert (layer.channels, layer.groups) == ({}, {})


def test_lists_look_by_themselves_where_word_of_a_change_may_be_lost(
    session: str, without_redis: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "LISTS_LOOK", 0.2)

    async def scene() -> dict[str, Any]:
        async with Page("/ws/executions", session) as page:
            return await page.next()

    assert play(scene) == {"type": "changed", "executions": [], "more": True}
