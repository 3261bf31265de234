"""Bad input and faults: each ends in a true status and a message that says what, where, next."""

from __future__ import annotations

import uuid

import pytest

from tests.live.client import Json, LiveStack, eventually
from tests.live.nodes import ORDERS, chain, csv_node, filter_node, load_node


@pytest.fixture(autouse=True)
def _orders(live: LiveStack) -> None:
    (live.data / "orders.csv").write_text(ORDERS)


def table_exists(live: LiveStack, table: str) -> bool:
    return live.warehouse("SELECT to_regclass(%s) AS t", [table]) != [{"t": None}]


def failed(live: LiveStack, pipeline: Json, node: str, *words: str) -> Json:
    """Execute, and see that it fails at the node with all these words in its message."""
    execution = live.run(pipeline)
    assert execution["status"] == "failed", execution
    task = next(task for task in execution["tasks"] if task["node_id"] == node)
    assert task["status"] == "failed"
    for word in (node, *words):
        assert word in execution["error_message"], execution["error_message"]
    assert "Traceback" not in execution["error_message"]
    assert live.stack.secrets.warehouse not in str(execution)
    return execution


def test_a_missing_file_is_named_with_the_folders_searched(live):
    table = "fault_missing"
    pipeline = live.create(*chain(csv_node("nowhere.csv"), load_node(table)))
    execution = failed(live, pipeline, "read_orders", "nowhere.csv")
    assert execution["tasks"][1]["status"] == "skipped"
    assert not table_exists(live, table)


def test_a_malformed_file_is_named_with_the_line(live):
    table = "fault_malformed"
    broken = "order_id,status,amount\n" + "1,paid,2\n" * 30 + '2,"open,3\n4,paid\n'
    (live.data / "broken.csv").write_text(broken)
    pipeline = live.create(*chain(csv_node("broken.csv"), load_node(table)))
    failed(live, pipeline, "read_orders", "broken.csv", "line")
    assert not table_exists(live, table)


def test_a_column_that_does_not_exist_is_named_with_those_that_do(live):
    table = "fault_column"
    (live.data / "changing.csv").write_text(ORDERS)
    pipeline = live.create(
        *chain(csv_node("changing.csv"), filter_node("amount > 1"), load_node(table))
    )
    (live.data / "changing.csv").write_text(ORDERS.replace("amount", "amout"))
    failed(live, pipeline, "keep_paid", "amout", "amount")
    assert not table_exists(live, table)


def test_a_column_that_does_not_exist_is_refused_when_saving(live):
    nodes, edges = chain(csv_node("orders.csv"), filter_node("amout > 1"), load_node("never"))
    links = [{"source": source, "target": target} for source, target in edges]
    body = {"name": f"live {uuid.uuid4()}", "config": {"nodes": nodes, "edges": links}}
    answer = live.request("POST", "pipelines", body)
    assert answer.status_code == 400
    [problem] = answer.json()["errors"]
    assert problem["message"] == (
        "Node 'keep_paid': there is no column 'amout'; read_orders gives amount, order_id, status. "
        "Did you mean 'amount'?"
    )


def test_a_value_that_does_not_cast_is_shown(live):
    table = "fault_cast"
    cast = {
        "id": "to_number",
        "module": "transform.select",
        "config": {"cast": {"status": "INTEGER"}},
    }
    pipeline = live.create(*chain(csv_node("orders.csv"), cast, load_node(table)))
    failed(live, pipeline, "to_number", "paid")
    assert not table_exists(live, table)


def test_an_unknown_connection_is_refused_when_saving(live):
    nodes, edges = chain(csv_node("orders.csv"), load_node("x", connection="nowhere"))
    config = {
        "nodes": nodes,
        "edges": [{"source": source, "target": target} for source, target in edges],
    }
    body = {"name": f"live {uuid.uuid4()}", "config": config}
    answer = live.request("POST", "pipelines", body)
    assert answer.status_code == 400
    [problem] = answer.json()["errors"]
    assert problem["node"] == "to_warehouse"
    assert problem["field"] == "config.connection"
    assert "nowhere" in problem["message"]


def test_a_connection_that_vanished_after_saving_fails_the_node(live):
    live.define_connection("vanishing")
    pipeline = live.create(
        *chain(csv_node("orders.csv"), load_node("fault_vanished", connection="vanishing"))
    )
    assert live.airflow_call("DELETE", "connections/vanishing").ok
    failed(live, pipeline, "to_warehouse", "vanishing")


def test_a_wrong_password_is_told_without_the_password(live):
    live.define_connection("wrong_password", password="not-the-password")
    pipeline = live.create(
        *chain(csv_node("orders.csv"), load_node("fault_password", connection="wrong_password"))
    )
    execution = failed(live, pipeline, "to_warehouse", "wrong_password", "password")
    assert "not-the-password" not in str(execution)
    assert not table_exists(live, "fault_password")


def test_a_warehouse_that_is_down_is_named(live):
    # Nothing listens on port 1.
    live.define_connection("down", port=1)
    pipeline = live.create(
        *chain(csv_node("orders.csv"), load_node("fault_down", connection="down"))
    )
    failed(live, pipeline, "to_warehouse", "down", "127.0.0.1")


def test_a_load_that_fails_leaves_the_table_as_it_was(live):
    live.warehouse("CREATE TABLE fault_half (order_id int PRIMARY KEY, status text, amount float8)")
    live.warehouse("INSERT INTO fault_half VALUES (4, 'before', 1)")
    pipeline = live.create(*chain(csv_node("orders.csv"), load_node("fault_half", mode="append")))
    failed(live, pipeline, "to_warehouse", "fault_half")
    assert live.warehouse("SELECT order_id, status FROM fault_half") == [
        {"order_id": 4, "status": "before"}
    ]


def test_a_graph_with_a_cycle_is_refused_with_its_nodes(live):
    nodes, edges = chain(
        csv_node("orders.csv"),
        filter_node("true", "first"),
        filter_node("true", "second"),
        load_node("fault_cycle"),
    )
    links = [{"source": source, "target": target} for source, target in edges]
    links[0] = {"source": "second", "target": "first"}
    body = {"name": "cycle", "config": {"nodes": nodes, "edges": links}}
    answer = live.request("POST", "pipelines", body)
    assert answer.status_code == 400
    messages = " ".join(error["message"] for error in answer.json()["errors"])
    assert "first" in messages
    assert "second" in messages
    assert "cycle" in messages


def test_params_that_miss_a_required_key_are_refused_by_name(live):
    pipeline = live.create(
        *chain(
            csv_node("orders.csv"),
            filter_node("amount > {{ params.least }}"),
            load_node("fault_params"),
        )
    )
    answer = live.request("POST", f"pipelines/{pipeline['id']}/execute", {"params": {}})
    assert answer.status_code == 400
    assert "least" in answer.text
    assert live.call("GET", f"executions?pipeline={pipeline['id']}")["results"] == []


def broken(whole: str) -> str:
    """Return what a DAG file becomes that someone broke from outside."""
    return f"{whole}\nraise RuntimeError('broken from outside')\n"


def is_broken(live: LiveStack, pipeline: Json) -> bool:
    """Whether Airflow has failed to import the DAG's file, and serves its old content marked."""
    dag = live.airflow_call("GET", f"dags/pipeline_{pipeline['id']}").json()
    return bool(dag["has_import_errors"])


def deployment(live: LiveStack, pipeline: Json) -> Json:
    found: Json = live.call("GET", f"pipelines/{pipeline['id']}")["deployment"]
    return found


def test_a_dag_file_broken_after_it_was_ready_is_mended_for_the_next_execution(live):
    pipeline = live.create(*chain(csv_node("orders.csv"), load_node("fault_mended")))
    assert live.run(pipeline)["status"] == "success"
    dag = f"dags/pipeline_{pipeline['id']}"
    file = live.stack.layout.dags / f"pipeline_{pipeline['id']}.py"
    whole = file.read_text()
    try:
        # Without the worker nobody mends the file before the execution meets it.
        with live.without("worker"):
            file.write_text(broken(whole))
            eventually(lambda: is_broken(live, pipeline), 60)
            refusal = live.airflow_call("POST", f"{dag}/dagRuns", {"logical_date": None})
            # It says either that there is an import error, or that it has no such DAG.
            assert refusal.status_code in (400, 404), refusal.text
            assert deployment(live, pipeline)["status"] == "ready"
            execution_id = live.execute(pipeline)
        execution = live.wait(execution_id, seconds=120)
        assert execution["status"] == "success", execution
        assert file.read_text() == whole
    finally:
        file.write_text(whole)
    assert live.airflow_call("GET", f"{dag}/dagRuns").json()["total_entries"] == 2
    assert deployment(live, pipeline)["status"] == "ready"


def test_a_dag_file_that_stays_broken_ends_in_airflows_own_words(live):
    pipeline = live.create(*chain(csv_node("orders.csv"), load_node("fault_broken")))
    assert live.run(pipeline)["status"] == "success"
    file = live.stack.layout.dags / f"pipeline_{pipeline['id']}.py"
    whole = file.read_text()
    try:
        # Without beat only the execution has the file mended, and only once.
        with live.without("beat"):
            file.write_text(broken(whole))
            eventually(lambda: is_broken(live, pipeline), 60)
            with live.without("airflow-dag-processor"):
                execution_id = live.execute(pipeline)
                eventually(lambda: file.read_text() == whole, 60)
                assert deployment(live, pipeline)["status"] == "registering"
                # Broken again before Airflow has read the mended file.
                file.write_text(broken(whole))
            execution = live.wait(execution_id, seconds=120)
            failed_deployment = deployment(live, pipeline)
    finally:
        file.write_text(whole)
    assert execution["status"] == "failed", execution
    assert failed_deployment["status"] == "failed"
    assert "RuntimeError: broken from outside" in failed_deployment["error"]
    assert failed_deployment["error"] in execution["error_message"]
    runs = live.airflow_call("GET", f"dags/pipeline_{pipeline['id']}/dagRuns").json()
    assert runs["total_entries"] == 1
    # With beat back, the reconciliation finds that Airflow serves it again.
    eventually(lambda: deployment(live, pipeline)["status"] == "ready", 180)
