"""What somebody sees who may only view, and somebody who may not even that."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.live.browser.conftest import SignIn
from tests.live.browser.drawing import Editor
from tests.live.browser.person import Account
from tests.live.browser.watching import Watch
from tests.live.client import Json, LiveStack
from tests.live.nodes import chain, csv_node, load_node

# Tells the code with which a socket is closed.
SOCKET = """(path) => new Promise((told) => {
    const socket = new WebSocket(location.origin.replace("http", "ws") + path);
    socket.onmessage = ({ data }) => told(JSON.parse(data).type);
    socket.onclose = ({ code }) => told(code);
})"""
FORBIDDEN = 4403
# Milliseconds: a list looks every 15 s while it has no socket.
SOON = 30_000


@pytest.fixture(scope="module")
def executed(live: LiveStack) -> tuple[Json, str]:
    """A pipeline, and the id of an execution of it that failed: all could be done to it."""
    pipeline = live.create(*chain(csv_node("not there.csv"), load_node("live_viewed")))
    execution = live.run(pipeline)
    assert execution["status"] == "failed", execution
    return pipeline, execution["id"]


@pytest.fixture(scope="module")
def viewer(accounts: Callable[..., Account]) -> Account:
    return accounts("pipelines", "executions")


def test_who_may_only_view_an_execution_can_change_nothing_of_it(
    signs_in: SignIn, viewer: Account, executed: tuple[Json, str]
) -> None:
    _, execution_id = executed
    watch = Watch.of(signs_in(account=viewer), execution_id)
    watch.sees("read_orders", "failed")
    actions = watch.page.locator(".x-actions").get_by_role("button")
    expect(actions).to_have_text(["Refresh"])
    panel = watch.opens_node("read_orders")
    expect(panel.get_by_role("tab", name="Log")).to_be_visible()
    expect(panel.get_by_role("button", name="Retry from here")).to_have_count(0)


def test_who_may_only_view_a_pipeline_can_change_nothing_of_it(
    signs_in: SignIn, viewer: Account, executed: tuple[Json, str]
) -> None:
    pipeline, _ = executed
    editor = Editor.of(signs_in(account=viewer), pipeline)
    page = editor.page
    for name in ("Save and deploy", "Save, deploy and close", "Save as draft", "Deploy again"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    for name in ("Execute", "Delete pipeline"):
        expect(page.get_by_role("link", name=name, exact=True)).to_have_count(0)
    expect(page.locator(".ed-palette")).to_have_count(0)
    form = editor.opens_form("read_orders")
    expect(form.get_by_role("textbox", name="Path")).to_be_disabled()
    editor.page.keyboard.press("Delete")
    expect(editor.node("read_orders")).to_be_visible()


def test_lists_offer_to_who_may_only_view_what_changes_nothing(
    signs_in: SignIn, viewer: Account, executed: tuple[Json, str]
) -> None:
    person = signs_in(account=viewer)
    page = person.opens("/admin/pipelines/pipeline/")
    expect(page.locator("#result_list")).to_be_visible()
    expect(page.locator("select[name=action]")).to_have_count(0)
    page = person.opens("/admin/executions/pipelineexecution/")
    offered = page.locator("select[name=action] option:not([value=''])")
    expect(offered).to_have_text(["Refresh selected executions"])


def test_the_socket_serves_who_may_view_and_nobody_else(
    signs_in: SignIn,
    viewer: Account,
    accounts: Callable[..., Account],
    executed: tuple[Json, str],
) -> None:
    _, execution_id = executed
    path = f"/ws/executions/{execution_id}"
    stranger = signs_in(account=accounts("alerts"))
    assert signs_in(account=viewer).page.evaluate(SOCKET, path) == "state"
    assert stranger.page.evaluate(SOCKET, path) == FORBIDDEN
    answer = stranger.page.goto(f"/admin/executions/pipelineexecution/{execution_id}/change/")
    assert answer is not None
    assert answer.status == 403


def test_a_list_that_is_renewed_no_more_says_that_it_is_old(
    signs_in: SignIn, viewer: Account
) -> None:
    page = signs_in(account=viewer).opens("/admin/executions/pipelineexecution/")
    note = page.locator("#stale-note")
    looks = "document.dispatchEvent(new Event('visibilitychange'))"
    expect(note).to_be_hidden()
    page.context.set_offline(True)
    page.evaluate(looks)
    expect(note).to_contain_text("does not answer", timeout=SOON)
    page.context.set_offline(False)
    page.evaluate(looks)
    expect(note).to_be_hidden(timeout=SOON)
    page.context.clear_cookies()
    page.evaluate(looks)
    expect(note).to_contain_text("You are signed out", timeout=SOON)
