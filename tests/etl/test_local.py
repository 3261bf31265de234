"""`python -m etl`: a graph run here, without Airflow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from etl import local
from etl.__main__ import main
from etl.errors import DataError, TransientError
from etl.report import NodeRow, node_table, records_table
from etl.settings import RunSettings, run_settings

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]
EXAMPLES = PROJECT / "examples" / "pipelines"


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunSettings]:
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("LOGIDATA_STAGING", str(tmp_path / "staging"))
    monkeypatch.setenv("LOGIDATA_DATA_DIRS", f"{tmp_path / 'data'}:{PROJECT / 'examples' / 'data'}")
    run_settings.cache_clear()
    yield run_settings()
    run_settings.cache_clear()


def graph(tmp_path: Path, **config: Any) -> Path:
    path = tmp_path / "graph.json"
    nodes = [
        {"id": "read", "module": "extract.csv", "config": {"path": "deliveries.csv"}},
        {
            "id": "keep",
            "module": "transform.filter",
            "config": {"condition": "amount >= {{ params.least }}", **config},
        },
        {"id": "write", "module": "load.csv", "config": {"path": "out.csv"}},
    ]
    edges = [{"source": "read", "target": "keep"}, {"source": "keep", "target": "write"}]
    path.write_text(json.dumps({"nodes": nodes, "edges": edges}))
    return path


def test_a_graph_runs_and_prints_a_row_for_each_node(
    folders: RunSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(graph(tmp_path)), "--param", "least=50"]) == 0

    printed = capsys.readouterr().out.splitlines()
    assert " ".join(printed[0].split()) == "node module status tries rows in rows out seconds"
    assert printed[2].split()[:6] == ["read", "extract.csv", "success", "1", "360", "360"]
    assert printed[4].split()[:3] == ["write", "load.csv", "success"]
    assert (folders.data_dirs[0] / "out.csv").exists()
    assert not list(Path(folders.staging).iterdir())


def test_a_failed_node_says_why_and_those_after_it_are_skipped(
    folders: RunSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = graph(tmp_path, condition="CAST(carrier AS INTEGER) > 1")

    assert main(["run", str(path)]) == 1

    printed = capsys.readouterr().out
    assert "Node 'keep': a value does not fit its type: Could not convert string" in printed
    assert printed.splitlines()[-1].startswith("write") or "skipped" in printed
    assert not (folders.data_dirs[0] / "out.csv").exists()


def test_a_column_that_is_not_there_is_told_before_anything_runs(
    folders: RunSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(graph(tmp_path, condition="amout > 1"))]) == 2

    printed = capsys.readouterr()
    assert "Node 'keep': there is no column 'amout'; read gives amount, carrier," in printed.err
    assert "Did you mean 'amount'?" in printed.err
    assert printed.out == ""


def test_a_missing_param_is_named(
    folders: RunSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(graph(tmp_path))]) == 1

    assert "Node 'keep': config.condition needs the param 'least'." in capsys.readouterr().out


def test_a_graph_that_cannot_run_prints_every_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "graph.json"
    path.write_text(json.dumps({"nodes": [{"id": "a", "module": "x"}, {"id": "1"}]}))

    assert main(["run", str(path)]) == 2

    said = capsys.readouterr().err
    assert "module 'x' does not exist" in said
    assert "Node '1': field 'module' is missing" in said


@pytest.mark.parametrize(
    ("content", "said"), [(None, "cannot be read"), ("{", "is no JSON"), ("[]", "JSON object")]
)
def test_a_file_that_is_no_graph_is_refused(
    tmp_path: Path, content: str | None, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "graph.json"
    if content is not None:
        path.write_text(content)

    assert main(["run", str(path)]) == 2
    assert said in capsys.readouterr().err


def test_a_param_without_a_value_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(graph(tmp_path)), "--param", "least"]) == 2
    assert "Write --param name=value" in capsys.readouterr().err


def test_staged_data_can_be_kept(folders: RunSettings, tmp_path: Path) -> None:
    assert main(["run", str(graph(tmp_path)), "--param", "least=1", "--keep"]) == 0

    (execution,) = Path(folders.staging).iterdir()
    assert {path.name for path in execution.iterdir()} == {"read", "keep", "write"}


@pytest.mark.parametrize("name", ["deliveries", "customer_revenue", "carrier_report"])
def test_the_examples_run(folders: RunSettings, warehouse_url: str, name: str) -> None:
    raw, params = local.read_pipeline(EXAMPLES / f"{name}.json")

    for _ in range(2):
        done = local.run_graph(raw, params=params, settings=folders)
        assert done.succeeded, done.error
    if name == "deliveries":
        with psycopg.connect(warehouse_url) as connection:
            rows = connection.execute("SELECT count(*) FROM deliveries").fetchone()
        assert rows == (done.rows[-1].rows_out,)


def test_a_transient_failure_is_tried_again_as_often_as_the_node_says(
    folders: RunSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[int] = []
    original = local.run_node

    def flaky(**arguments: Any) -> Any:
        if arguments["node_id"] == "out":
            attempts.append(arguments["context"].attempt)
            if len(attempts) < 3:
                raise TransientError("the server is down. Try again.")
        return original(**arguments)

    monkeypatch.setattr(local, "run_node", flaky)
    raw = {
        "nodes": [
            {"id": "read", "module": "extract.csv", "config": {"path": "deliveries.csv"}},
            {"id": "out", "module": "load.csv", "config": {"path": "o.csv"}, "retries": 2},
        ],
        "edges": [{"source": "read", "target": "out"}],
    }

    done = local.run_graph(raw, params={}, settings=folders)

    assert done.succeeded
    assert attempts == [1, 2, 3]
    assert done.rows[-1].tries == 3


def test_a_terminal_failure_is_not_tried_again(
    folders: RunSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[str] = []

    def fails(**arguments: Any) -> Any:
        attempts.append(arguments["node_id"])
        raise DataError("bad. Correct it.")

    monkeypatch.setattr(local, "run_node", fails)
    raw = {
        "nodes": [
            {"id": "a", "module": "extract.csv", "config": {"path": "x.csv"}, "retries": 5},
            {"id": "b", "module": "load.csv", "config": {"path": "y.csv"}},
        ],
        "edges": [{"source": "a", "target": "b"}],
    }

    done = local.run_graph(raw, params={}, settings=folders)

    assert attempts == ["a"]
    assert [row.status for row in done.rows] == ["failed", "skipped"]
    assert str(done.error) == "Node 'a': bad. Correct it."


def test_modules_are_listed_as_text_json_and_pages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["modules"]) == 0
    assert "transform.filter" in capsys.readouterr().out
    assert main(["modules", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["key"] == "extract.csv"
    capsys.readouterr()
    (tmp_path / "extract.gone.md").write_text("# of a module that is no more")
    assert main(["modules", "--docs", str(tmp_path)]) == 0
    assert (tmp_path / "README.md").read_text().startswith("# Modules\n")
    assert not (tmp_path / "extract.gone.md").exists()


def test_the_table_aligns_and_shows_messages_below_their_node() -> None:
    table = node_table(
        [
            NodeRow("read", "extract.csv", "success", 1, 1234567, 1234567, 1.25),
            NodeRow("load", "load.postgres", "failed", 3, seconds=0.5, message="Node 'load': no."),
            NodeRow("next", "load.csv", "skipped"),
        ]
    )

    assert table.splitlines() == [
        "node  module         status   tries    rows in   rows out  seconds",
        "----  -------------  -------  -----  ---------  ---------  -------",
        "read  extract.csv    success      1  1,234,567  1,234,567     1.25",
        "load  load.postgres  failed       3          -          -     0.50",
        "    Node 'load': no.",
        "next  load.csv       skipped      -          -          -        -",
    ]


def test_records_are_shown_short() -> None:
    assert records_table([]) == ""
    table = records_table([{"a": None, "b": "x" * 50}, {"a": 2, "b": "y"}], limit=1)
    assert table.splitlines()[2].strip() == "x" * 29 + "…"
