"""The sockets of executions: what they send, and when."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from executions import consumers, services, standing, watching
from executions.models import PipelineExecution
from executions.services.live import in_language, shared_state
from executions.transitions import change_status
from tests.executions.conftest import key, some_id
from tests.executions.sockets import Page, meanwhile, of, play, session
from tests.fake_airflow import FakeAirflow

__all__ = ["session"]

# Each waits for what comes over a socket, or that nothing comes.
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_a_page_is_given_the_whole_state_at_once(pending: PipelineExecution, session: str) -> None:
    async def scene() -> dict[str, Any]:
        async with Page(of(pending), session) as page:
            return await page.state()

    shown, stored = play(scene), shared_state(pending.pk)
    assert stored is not None
    assert {name: shown[name] for name in stored} == stored
    assert shown["actions"] == {"cancel": False, "retry": False, "run_again": False}


def test_every_change_is_shown_in_the_order_in_which_it_was_made(
    triggered: PipelineExecution, airflow: FakeAirflow, session: str
) -> None:
    def run() -> None:
        airflow.set_run(*key(triggered), "running")
        airflow.set_task(*key(triggered), "read", "running")
        services.refresh_execution(triggered)

    def end() -> None:
        airflow.finish(*key(triggered))
        services.refresh_execution(triggered)

    async def scene() -> list[dict[str, Any]]:
        async with Page(of(triggered), session) as page:
            seen = [await page.state()]
            await meanwhile(run)()
            seen += await page.until(lambda state: state["tasks"][0]["status"] == "running")
            await meanwhile(end)()
            return seen + await page.until(lambda state: state["status"] == "success")

    seen = play(scene)
    ranks = ["pending", "running", "success"]
    order = [ranks.index(state["status"]) for state in seen]
    assert order == sorted(order)
    assert set(order) == {0, 1, 2}
    assert seen[-1]["progress"] == {"done": 3, "total": 3}


def test_changes_in_quick_succession_come_as_few_states(
    triggered: PipelineExecution, session: str
) -> None:
    def change() -> None:
        for number in range(40):
            change_status(triggered.pk, "running", status_reason=f"step {number}")

    async def scene() -> list[dict[str, Any]]:
        async with Page(of(triggered), session) as page:
            await page.state()
            await meanwhile(change)()
            return await page.until(lambda state: state["status_reason"] == "step 39")

    assert len(play(scene)) < 10


def test_an_execution_is_read_once_for_all_its_pages(
    triggered: PipelineExecution, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []

    async def counted(execution_id: Any) -> Any:
        reads.append(execution_id)
        return await standing.read_state(execution_id)

    monkeypatch.setattr(watching, "read_state", counted)

    async def scene() -> int:
        pages = [Page(of(triggered), session) for _ in range(20)]
        for page in pages:
            await page.__aenter__()
        for page in pages:
            await page.state()
        before = len(reads)
        await meanwhile(change_status)(triggered.pk, "running", status_reason="once")
        for page in pages:
            await page.until(lambda state: state["status_reason"] == "once")
        after = len(reads)
        for page in pages:
            await page.__aexit__()
        return after - before

    assert play(scene) <= 2


def test_a_state_that_cannot_be_shown_does_not_keep_later_ones_from_the_page(
    triggered: PipelineExecution, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def choosy(state: dict[str, Any], language: str) -> str:
        if state["status_reason"] == "odd":
            raise ValueError("no French of it")
        return in_language(state, language)

    monkeypatch.setattr(watching, "in_language", choosy)

    async def scene() -> list[dict[str, Any]]:
        async with Page(of(triggered), session) as page:
            await page.state()
            await meanwhile(change_status)(triggered.pk, "running", status_reason="odd")
            await asyncio.sleep(2 * watching.APART)
            await meanwhile(change_status)(triggered.pk, "running", status_reason="plain")
            return await page.until(lambda state: state["status_reason"] == "plain")

    assert play(scene)


def test_airflow_is_asked_nothing_for_a_page(
    triggered: PipelineExecution, airflow: FakeAirflow, session: str
) -> None:
    before = airflow.calls.total()

    async def scene() -> None:
        async with Page(of(triggered), session) as page:
            await page.state()
            await meanwhile(change_status)(triggered.pk, "running", status_reason="looked at")
            await page.until(lambda state: state["status_reason"] == "looked at")

    play(scene)
    assert airflow.calls.total() == before


def test_who_comes_back_is_given_what_happened_meanwhile(
    triggered: PipelineExecution, session: str
) -> None:
    async def scene() -> tuple[str, str]:
        async with Page(of(triggered), session) as page:
            before = (await page.state())["status"]
        await meanwhile(change_status)(triggered.pk, "running")
        async with Page(of(triggered), session) as page:
            return before, (await page.state())["status"]

    assert play(scene) == ("pending", "running")


def test_the_page_of_an_execution_that_is_deleted_is_told_so(
    pending: PipelineExecution, session: str
) -> None:
    def delete() -> None:
        watched = pending.pk
        pending.delete()
        from executions.publishing import publish_changed

        publish_changed([watched])

    async def scene() -> tuple[str, int]:
        async with Page(of(pending), session) as page:
            await page.state()
            await meanwhile(delete)()
            return (await page.next())["type"], await page.closed_with()

    assert play(scene) == ("gone", 4404)


def test_a_ping_is_answered_and_what_is_none_is_not(
    pending: PipelineExecution, session: str
) -> None:
    async def scene() -> tuple[dict[str, Any], bool]:
        async with Page(of(pending), session) as page:
            await page.state()
            await page.say_text("no JSON")
            await page.say(["ping"])
            await page.say({"type": "state"})
            await page.say({"type": "ping", "at length": "x" * 1000})
            await page.say({"type": "ping"})
            return await page.next(), await page.hears_nothing(0.2)

    assert play(scene) == ({"type": "pong"}, True)


def test_what_cannot_be_read_of_a_page_does_not_end_its_socket(
    pending: PipelineExecution, session: str
) -> None:
    async def scene() -> dict[str, Any]:
        async with Page(of(pending), session) as page:
            await page.state()
            await page.say_text("[" * 99)
            await page.say({"type": "ping"})
            return await page.next()

    assert play(scene) == {"type": "pong"}


@pytest.mark.parametrize("message", [{"text": "x" * 5000}, {"bytes": b"x" * 5000}])
def test_a_page_that_says_too_much_is_shut_out(
    pending: PipelineExecution, session: str, message: dict[str, Any]
) -> None:
    async def scene() -> int:
        async with Page(of(pending), session) as page:
            await page.state()
            await page.send(message)
            return await page.closed_with()

    assert play(scene) == 1009


def test_a_socket_that_breaks_is_looked_at_for_no_longer(
    pending: PipelineExecution, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def receive(*_: Any, **__: Any) -> None:
        raise OSError("The connection is gone.")

    monkeypatch.setattr(consumers.SignedInConsumer, "receive", receive)

    async def scene() -> int:
        page = Page(of(pending), session)
        await page.__aenter__()
        await page.state()
        await page.say({"type": "ping"})
        await page.breaks_with(OSError)
        return len(watching.hub()._watches)

    assert play(scene) == 0


def test_lists_hear_which_executions_changed(
    pending: PipelineExecution, session: str, make_pipeline: Any
) -> None:
    pipeline = make_pipeline("others")

    async def scene() -> set[str]:
        async with Page("/ws/executions", session) as page:
            # The socket is open before it listens.
            await asyncio.sleep(0.5)
            started = await meanwhile(services.start_execution)(pipeline)
            await meanwhile(change_status)(pending.pk, "running")
            wanted, heard = {str(started.pk), str(pending.pk)}, set()
            while not wanted <= heard:
                message = await page.next()
                assert message["type"] == "changed"
                heard |= set(message["executions"])
            return heard

    play(scene)


def test_lists_are_told_of_many_changes_in_one_message(
    session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "MOST_NAMED", 3)
    ids = [some_id() for _ in range(10)]

    async def scene() -> tuple[dict[str, Any], bool]:
        from executions.publishing import publish_changed

        async with Page("/ws/executions", session) as page:
            await asyncio.sleep(0.5)
            await meanwhile(publish_changed)(ids)
            return await page.next(), await page.hears_nothing(0.5)

    message, quiet = play(scene)
    assert (len(message["executions"]), message["more"], quiet) == (3, True, True)


def test_of_a_page_that_is_slow_to_hear_of_changes_not_all_are_kept() -> None:
    async def scene() -> tuple[list[str], bool]:
        changes = watching.Changes()
        for number in range(watching.MOST_KEPT + 1):
            changes.add([str(number)])
        return changes.take()

    assert play(scene) == ([], True)


def test_a_page_that_has_nothing_new_is_sent_nothing(
    pending: PipelineExecution, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "WHILE_ACTIVE", 0.1)

    async def scene() -> bool:
        async with Page(of(pending), session) as page:
            await page.state()
            return await page.hears_nothing(1)

    assert play(scene)


def test_the_last_page_that_leaves_ends_the_looking(
    pending: PipelineExecution, session: str
) -> None:
    async def scene() -> int:
        async with Page(of(pending), session) as page:
            await page.state()
        await asyncio.sleep(0.1)
        return len(asyncio.all_tasks())

    # The scene itself, and what the channel layer keeps of a connection.
    assert play(scene) <= 3
