"""What is seen of a graph from afar, where an address leads, and what a file brings."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.live.browser.drawing import Editor
from tests.live.browser.person import Person
from tests.live.browser.watching import Watch
from tests.live.client import Json, LiveStack
from tests.live.nodes import ORDERS, chain, csv_node, filter_node, load_node

NODES = ("read_orders", "keep_paid", "to_warehouse")
# Pixels between nodes: with that much only colours can be told when all are in view.
FAR_APART = 2000


@pytest.fixture(scope="module")
def wide(live: LiveStack) -> str:
    """The id of an execution whose nodes lie far apart."""
    table = f"wide_{uuid.uuid4().hex[:8]}"
    (live.data / f"{table}.csv").write_text(ORDERS)
    nodes, edges = chain(csv_node(f"{table}.csv"), filter_node("amount > 5"), load_node(table))
    for number, node in enumerate(nodes):
        node["position"] = {"x": number * FAR_APART, "y": 0}
    done = live.run(live.create(nodes, edges))
    assert done["status"] == "success", done
    return str(done["id"])


def test_a_graph_seen_from_afar_is_one_drawing_in_the_colours_of_its_nodes(
    wide: str, person: Person
) -> None:
    watch = Watch.of(person, wide)
    page = watch.page
    spots = page.locator(".x-overview .x-spot")
    expect(spots).to_have_count(0)
    page.get_by_role("button", name="Show all").click()
    expect(spots).to_have_count(len(NODES))
    expect(page.locator(".x-node")).to_have_count(0)
    for number, node in enumerate(NODES):
        expect(spots.nth(number)).to_have_class(re.compile(r"\bstatus-success\b"))
        expect(spots.nth(number).locator("title")).to_have_text(f"{node}: success")
    person.can_use_the_page()
    person.photographs("afar")
    spots.nth(1).click()
    expect(watch.panel).to_contain_text("keep_paid")
    # By keyboard there is no far view: whoever comes to a node sees it near.
    page.locator(".x-graph-keys").focus()
    expect(page.locator(".x-node").first).to_be_focused()
    expect(spots).to_have_count(0)
    assert not person.faults


def test_an_address_opens_a_node_of_an_execution(wide: str, person: Person) -> None:
    page = person.opens(
        f"/admin/executions/pipelineexecution/{wide}/change/?node=keep_paid&tab=data"
    )
    watch = Watch(person)
    expect(watch.panel.get_by_role("tab", name="Data")).to_have_attribute("aria-selected", "true")
    expect(watch.panel.get_by_role("table")).to_contain_text("order_id")
    expect(watch.node("keep_paid")).to_be_in_viewport()
    # The address leads to what is open, also after a reload.
    expect(page).to_have_url(re.compile(r"/change/#node=keep_paid&tab=data$"))
    watch.panel.get_by_role("button", name="Close").click()
    expect(page).to_have_url(re.compile(r"/change/$"))
    page.reload()
    expect(watch.node("read_orders")).to_be_visible()
    expect(watch.panel).to_have_count(0)
    assert not person.faults


def test_a_file_replaces_a_stored_pipeline_once_that_is_agreed_to(
    live: LiveStack, person: Person, tmp_path: Path
) -> None:
    pipeline = live.create(*chain(csv_node("orders.csv"), load_node("live_imported")))
    nodes, edges = chain(csv_node("others.csv"), filter_node("true"), load_node("live_imported"))
    theirs: Json = {
        "name": "Theirs",
        "schedule": "@daily",
        "is_active": False,
        "config": {
            "nodes": nodes,
            "edges": [{"source": source, "target": target} for source, target in edges],
        },
    }
    file = tmp_path / "theirs.json"
    file.write_text(json.dumps(theirs))
    editor = Editor.of(person, pipeline)
    page = editor.page
    asked = page.get_by_role("dialog", name="Import theirs.json?")

    editor.imports(file)
    for told in ("keep_paid", "orders.csv", "others.csv", "Schedule", "@daily", "Active"):
        expect(asked).to_contain_text(told)
    person.can_use_the_page()
    person.photographs("import")
    page.keyboard.press("Escape")
    expect(asked).to_have_count(0)
    expect(page.get_by_role("button", name="File", exact=True)).to_be_focused()
    expect(editor.node("keep_paid")).to_have_count(0)

    editor.imports(file)
    asked.get_by_role("button", name="Import", exact=True).click()
    expect(editor.node("keep_paid")).to_be_visible()
    expect(page.locator("#id_schedule")).to_have_value("@daily")
    expect(page.locator("#id_is_active")).not_to_be_checked()
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_text("Saved as a draft")).to_be_visible()
    draft: Json = live.call("GET", f"pipelines/{pipeline['id']}/draft")
    assert [node["id"] for node in draft["config"]["nodes"]] == list(NODES)
    found = (draft["name"], draft["schedule"], draft["is_active"])
    assert found == (pipeline["name"], "@daily", False)
    assert not person.faults
