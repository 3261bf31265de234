"""A module of an installed package, run by the real Airflow and checked by the real web server."""

from __future__ import annotations

from tests.live.nodes import chain, load_node

KEY = "extract.fixed_width"
COLUMNS = [
    {"name": "account", "start": 1, "width": 6},
    {"name": "owner", "start": 7, "width": 8},
]


def test_the_catalogue_of_the_api_lists_it(live):
    (entry,) = [module for module in live.call("GET", "modules") if module["key"] == KEY]
    assert entry["kind"] == "extract"
    assert "columns" in entry["config_schema"]["properties"]


def test_a_pipeline_that_uses_it_loads_its_rows(live):
    (live.data / "ledger.txt").write_text("000123Ann     \n000124Bea     \n")
    read = {"id": "read", "module": KEY, "config": {"path": "ledger.txt", "columns": COLUMNS}}

    execution = live.run(live.create(*chain(read, load_node("live_plugin"))))

    assert execution["status"] == "success", execution
    assert live.warehouse("SELECT account, owner FROM live_plugin ORDER BY account") == [
        {"account": "000123", "owner": "Ann"},
        {"account": "000124", "owner": "Bea"},
    ]


def test_its_settings_are_checked_before_anything_is_saved(live):
    read = {"id": "read", "module": KEY, "config": {"path": "ledger.txt", "columns": []}}
    nodes, edges = chain(read, load_node("live_plugin"))
    body = {
        "name": "live plug-in",
        "config": {
            "nodes": nodes,
            "edges": [{"source": source, "target": target} for source, target in edges],
        },
    }

    answer = live.request("POST", "pipelines", body)

    assert answer.status_code == 400
    assert "columns" in answer.text
