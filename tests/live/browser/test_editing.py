"""What goes wrong while people draw and watch, and what becomes of their work."""

from __future__ import annotations

import re

from playwright.sync_api import WebSocketRoute, expect

from tests.live.browser.conftest import SignIn
from tests.live.browser.drawing import Editor
from tests.live.browser.person import Person
from tests.live.browser.test_journey import WAIT, own_name
from tests.live.browser.watching import Watch
from tests.live.client import Json, LiveStack
from tests.live.nodes import ORDERS, chain, csv_node, filter_node, load_node


def stored(live: LiveStack) -> Json:
    return live.create(
        *chain(csv_node("orders.csv"), filter_node("true"), load_node("live_edited"))
    )


def test_nodes_are_removed_copied_and_brought_back_by_keyboard(
    live: LiveStack, person: Person
) -> None:
    person.context.grant_permissions(["clipboard-read", "clipboard-write"])
    editor = Editor.of(person, stored(live))
    keys, nodes = editor.page.keyboard, editor.page.locator(".react-flow__node")
    editor.node("keep_paid").click()
    editor.node("keep_paid").focus()
    keys.press("Delete")
    expect(nodes).to_have_count(2)
    expect(editor.edge("read_orders", "keep_paid")).to_have_count(0)
    keys.press("Control+z")
    expect(nodes).to_have_count(3)
    expect(editor.edge("read_orders", "keep_paid")).to_be_attached()
    editor.node("keep_paid").click()
    editor.node("keep_paid").focus()
    keys.press("Control+c")
    keys.press("Control+v")
    expect(nodes).to_have_count(4)
    keys.press("Control+z")
    expect(nodes).to_have_count(3)
    keys.press("Control+Shift+z")
    expect(nodes).to_have_count(4)
    assert not person.faults


def test_unsaved_work_survives_a_reload(live: LiveStack, person: Person) -> None:
    editor = Editor.of(person, stored(live))
    page = editor.page
    page.on("dialog", lambda dialog: dialog.accept())
    editor.opens_form("keep_paid")
    editor.fills("Condition", "amount > 7")
    expect(editor.head).to_contain_text("Not saved")
    page.reload()
    expect(page.get_by_text("This browser kept unsaved work of")).to_be_visible()
    page.get_by_role("button", name="Restore it").click()
    editor.opens_form("keep_paid")
    expect(editor.form.get_by_role("textbox", name="Condition").first).to_contain_text("amount > 7")
    assert not person.faults


def test_the_second_saver_is_told_and_shown_the_difference(
    live: LiveStack, signs_in: SignIn
) -> None:
    pipeline = stored(live)
    first, second = (Editor.of(signs_in(), pipeline) for _ in range(2))
    for editor, condition in ((first, "amount > 1"), (second, "amount > 2")):
        editor.opens_form("keep_paid")
        editor.fills("Condition", condition)
    first.saves()
    second.page.get_by_role("button", name="Save and deploy").click()
    differs = second.page.locator("#editor-conflict")
    expect(differs).to_contain_text("amount > 1")
    expect(differs).to_contain_text("amount > 2")
    second.person.can_use_the_page()
    second.person.photographs("conflict")
    now: Json = live.call("GET", f"pipelines/{pipeline['id']}")
    assert now["config"]["nodes"][1]["config"] == {"condition": "amount > 1"}
    second.page.get_by_role("button", name="Save mine over theirs").click()
    expect(second.page.get_by_text("is being registered with Airflow")).to_be_visible()
    now = live.call("GET", f"pipelines/{pipeline['id']}")
    assert now["config"]["nodes"][1]["config"] == {"condition": "amount > 2"}


def test_a_page_whose_connection_breaks_goes_on_from_the_whole_state(
    live: LiveStack, person: Person
) -> None:
    sockets: list[WebSocketRoute] = []

    def through(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    person.page.route_web_socket(re.compile(r"/ws/executions/"), through)
    table = own_name("cut")
    (live.data / f"{table}.csv").write_text(ORDERS)
    nodes = (csv_node(f"{table}.csv"), WAIT, load_node(table))
    Editor.of(person, live.create(*chain(*nodes)))
    watch = Watch.of_new(person)
    watch.sees("wait", "running")
    loads, opened = person.loads, len(sockets)
    sockets[-1].close(code=1012)
    for node in nodes:
        watch.sees(node["id"], "success")
    watch.ends("success")
    expect(watch.line).to_have_class(re.compile("is-live"))
    assert len(sockets) > opened
    assert person.loads == loads
