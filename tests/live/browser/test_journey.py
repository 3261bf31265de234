"""An operator's day in the console: draw, execute, watch, understand, repair, replay."""

from __future__ import annotations

import json
import re
import uuid

from playwright.sync_api import expect

from stack.example import EXAMPLE
from stack.layout import PROJECT
from tests.live.browser.drawing import Editor
from tests.live.browser.person import Person
from tests.live.browser.watching import Watch
from tests.live.client import Json, LiveStack
from tests.live.nodes import ORDERS, chain, csv_node, filter_node, load_node

CONDITION = "status <> 'cancelled' AND amount >= {{ params.min_amount }}"
# A node that takes some seconds.
WAIT: Json = {
    "id": "wait",
    "module": "transform.sql",
    "config": {"query": "SELECT *, (SELECT sum(range) FROM range(1500000000)) AS s FROM input"},
}


def own_name(prefix: str) -> str:
    """Return a name that no other test uses."""
    return f"{prefix}_{uuid.uuid4().hex[:8]}"


def example(**loader: str) -> Json:
    """Return the example pipeline, which loads into a table of its own."""
    body: Json = json.loads((PROJECT / EXAMPLE).read_text())
    body["config"]["nodes"][2]["config"] |= loader
    return body


def of_name(live: LiveStack, name: str) -> Json:
    """Return the pipeline of that name, as the API shows it."""
    [found] = live.call("GET", f"pipelines?search={name}")["results"]
    pipeline: Json = live.call("GET", f"pipelines/{found['id']}")
    return pipeline


def test_the_example_is_drawn_by_mouse_and_keyboard(live: LiveStack, person: Person) -> None:
    name = own_name("drawn")
    editor = Editor.of_new(person, name)
    editor.adds_by_keyboard("csv", "read_deliveries")
    editor.fills("Path", "deliveries.csv")
    editor.unfolds("More settings")
    editor.fills_map("Types", {"amount": "DECIMAL(10, 2)", "weight_kg": "DECIMAL(10, 2)"})
    editor.drags_onto_the_canvas("transform.filter", "keep_valuable", x=300, y=320)
    editor.fills("Condition", CONDITION)
    editor.adds_by_keyboard("postgres", "to_warehouse")
    editor.fills("Connection", "warehouse")
    editor.fills("Table", name)
    editor.unfolds("More settings")
    editor.form.get_by_role("combobox", name="Mode").select_option("upsert")
    keys = editor.form.get_by_role("group", name="Keys").get_by_role("combobox")
    keys.fill("delivery_id")
    keys.press("Enter")
    editor.page.keyboard.press("Escape")
    editor.shows_all()
    editor.connects("read_deliveries", "keep_valuable")
    # The filter was selected when the loader was added: they are connected already.
    expect(editor.edge("keep_valuable", "to_warehouse")).to_be_attached()
    editor.page.get_by_role("tab", name="Parameters").click()
    editor.page.get_by_role("button", name="Add min_amount").click()
    parameter = editor.page.get_by_role("group", name="Parameter min_amount")
    parameter.get_by_label("Type").select_option("number")
    parameter.get_by_label("Default").fill("10")
    editor.page.get_by_role("tab", name="Canvas").click()
    expect(editor.head).to_contain_text("No problems")
    person.photographs("drawn")
    editor.saves()

    drawn, wanted = of_name(live, name), example(table=name)
    assert configs(drawn) == configs(wanted)
    assert edges(drawn) == edges(wanted)
    assert drawn["default_params"] == wanted["default_params"]
    assert not person.faults


def configs(pipeline: Json) -> dict[str, Json]:
    return {node["id"]: node["config"] for node in pipeline["config"]["nodes"]}


def edges(pipeline: Json) -> set[tuple[str, str]]:
    return {(edge["source"], edge["target"]) for edge in pipeline["config"]["edges"]}


def test_rows_are_previewed_and_nothing_is_loaded(live: LiveStack, person: Person) -> None:
    table = own_name("previewed")
    editor = Editor.of(
        person, live.call("POST", "pipelines", example(table=table) | {"name": table})
    )
    editor.opens_form("keep_valuable").get_by_role("button", name="Preview").click()
    rows = editor.preview.get_by_role("row")
    expect(editor.preview.get_by_role("status")).to_contain_text("rows")
    expect(rows).to_have_count(101)
    expect(rows.first).to_contain_text("delivery_id")
    person.photographs("preview")
    assert live.warehouse("SELECT to_regclass(%s) AS found", [table]) == [{"found": None}]
    assert not person.faults


def test_an_execution_turns_green_without_a_reload(live: LiveStack, person: Person) -> None:
    table = own_name("green")
    (live.data / f"{table}.csv").write_text(ORDERS)
    nodes = (csv_node(f"{table}.csv"), WAIT, filter_node("status = 'paid'"), load_node(table))
    Editor.of(person, live.create(*chain(*nodes)))
    watch = Watch.of_new(person)
    loads = person.loads
    watch.sees("wait", "running")
    person.photographs("running")
    for node in nodes:
        watch.sees(node["id"], "success")
    watch.ends("success")
    expect(watch.node("keep_paid")).to_contain_text("3 rows")
    person.photographs("green")
    assert person.loads == loads
    assert person.statuses_told("wait")[-2:] == ["running", "success"]
    assert len(live.warehouse(f"SELECT * FROM {table}")) == 3
    assert not person.faults


def test_the_log_of_a_node_is_read_and_searched(live: LiveStack, person: Person) -> None:
    table = own_name("logged")
    (live.data / f"{table}.csv").write_text(ORDERS)
    done = live.run(live.create(*chain(csv_node(f"{table}.csv"), load_node(table))))
    panel = Watch.of(person, done["id"]).opens_node("to_warehouse", "Log")
    expect(panel.get_by_text(re.compile(r"\d+ messages"))).to_be_visible()
    panel.get_by_role("searchbox").fill("load.postgres")
    expect(panel.locator("mark").first).to_be_visible()
    person.photographs("log")
    assert not person.faults


def test_a_column_that_is_not_there_is_told_before_saving(live: LiveStack, person: Person) -> None:
    table = own_name("told")
    editor = Editor.of(
        person, live.call("POST", "pipelines", example(table=table) | {"name": table})
    )
    expect(editor.head).to_contain_text("No problems")
    editor.opens_form("keep_valuable")
    editor.fills("Condition", "amuont > 10")
    told = editor.form.locator(".ed-problem")
    expect(told).to_contain_text("amuont")
    expect(editor.form.get_by_role("textbox", name="Condition")).to_have_attribute(
        "aria-invalid", "true"
    )
    expect(editor.node("keep_valuable").locator(".ed-node-problems")).to_contain_text("1")
    expect(editor.head).to_contain_text("1 problem")
    person.photographs("problem")
    assert not person.faults


def test_a_file_that_was_missing_comes_and_a_retry_goes_on(live: LiveStack, person: Person) -> None:
    table = own_name("late")
    Editor.of(person, live.create(*chain(csv_node(f"{table}.csv"), load_node(table))))
    watch = Watch.of_new(person)
    watch.sees("read_orders", "failed")
    watch.ends("failed")
    expect(watch.opens_node("read_orders")).to_contain_text(f"{table}.csv")
    person.photographs("failed")
    (live.data / f"{table}.csv").write_text(ORDERS)
    watch.does("Retry", "Retry")
    watch.ends("success")
    watch.sees("to_warehouse", "success")
    assert len(live.warehouse(f"SELECT * FROM {table}")) == 4
    assert not person.faults


def test_a_node_that_fails_is_repaired_in_the_editor_and_run_again(
    live: LiveStack, person: Person
) -> None:
    table = own_name("repaired")
    (live.data / f"{table}.csv").write_text("order_id,amount\n1,10.5\n2,n/a\n")
    texts: Json = {"types": {"order_id": "BIGINT", "amount": "VARCHAR"}}
    pipeline = live.create(
        *chain(
            csv_node(f"{table}.csv", **texts),
            filter_node("CAST(amount AS DOUBLE) > 0"),
            load_node(table),
        )
    )
    Editor.of(person, pipeline)
    watch = Watch.of_new(person)
    watch.sees("keep_paid", "failed")
    expect(watch.opens_node("keep_paid").locator(".x-note.is-error")).to_contain_text("n/a")
    watch.panel.get_by_role("link", name="Edit this node").click()
    editor = Editor(person)
    # Its form is open already.
    expect(editor.form.get_by_role("textbox", name="Condition")).to_be_visible()
    editor.fills("Condition", "TRY_CAST(amount AS DOUBLE) > 0")
    expect(editor.head).to_contain_text("No problems")
    editor.saves()
    watch = Watch.of_new(person)
    watch.ends("success")
    assert live.warehouse(f"SELECT order_id FROM {table}") == [{"order_id": 1}]
    assert not person.faults


def test_work_whose_saving_never_arrived_is_offered_again(live: LiveStack, person: Person) -> None:
    pipeline = live.create(*chain(csv_node("orders.csv"), load_node(own_name("kept"))))
    editor, page = Editor.of(person, pipeline), person.page
    page.locator("#id_description").fill("not lost")
    session = person.context.cookies()
    person.context.clear_cookies()
    page.get_by_role("button", name="Save and deploy").click()
    expect(page.locator("input[name=password]")).to_be_visible()
    person.context.add_cookies(session)  # type: ignore[arg-type]
    Editor.of(person, pipeline)
    page.get_by_role("button", name="Restore it").click()
    expect(page.locator("#id_description")).to_have_value("not lost")
    editor.saves()
    Editor.of(person, pipeline)
    expect(page.get_by_role("button", name="Restore it")).to_have_count(0)
    expect(page.locator("#id_description")).to_have_value("not lost")


def test_a_long_execution_is_cancelled(live: LiveStack, person: Person) -> None:
    table = own_name("never")
    query = "SELECT pg_sleep(3600)::text AS slept"
    sleep = {
        "id": "sleep",
        "module": "extract.sql",
        "config": {"connection": "warehouse", "query": query},
    }
    Editor.of(person, live.create(*chain(sleep, load_node(table))))
    watch = Watch.of_new(person)
    watch.sees("sleep", "running")
    log = watch.opens_node("sleep", "Log").get_by_role("log")
    # What Airflow says of its log server, which does not run here, is no fault of the node.
    expect(log).to_contain_text("log server")
    expect(log).not_to_contain_text("HTTPConnectionPool")
    watch.does("Cancel execution", "Cancel execution")
    watch.ends("cancelled")
    watch.sees("sleep", "cancelled")
    watch.sees("to_warehouse", "cancelled")
    expect(log).to_contain_text("cancelled its execution")
    expect(log).not_to_contain_text("Task failed with exception")
    person.photographs("cancelled")
    assert not person.faults


def test_rejected_rows_are_corrected_and_loaded(live: LiveStack, person: Person) -> None:
    table = own_name("corrected")
    (live.data / f"{table}.csv").write_text('order_id,amount\n1,10.5\n2,"12,50"\n')
    cast = {
        "id": "to_numbers",
        "module": "transform.cast",
        "config": {"types": {"amount": "DOUBLE"}, "max_rejected": 10},
    }
    texts: Json = {"types": {"order_id": "BIGINT", "amount": "VARCHAR"}}
    loader = load_node(table, mode="append")
    done = live.run(live.create(*chain(csv_node(f"{table}.csv", **texts), cast, loader)))
    assert (done["status"], done["rows_rejected"]) == ("success", 1), done
    watch = Watch.of(person, done["id"])
    watch.opens_node("to_numbers", "Rejected").get_by_role("link", name="correct").click()
    amount = person.page.get_by_label("amount of row 1")
    expect(amount).to_have_value("12,50")
    amount.fill("12.50")
    person.photographs("quarantine")
    person.page.get_by_role("button", name="Replay these rows").click()
    Watch(person).ends("success")
    loaded = live.warehouse(f"SELECT order_id, amount FROM {table} ORDER BY order_id")
    assert loaded == [{"order_id": 1, "amount": 10.5}, {"order_id": 2, "amount": 12.5}]
    assert not person.faults
