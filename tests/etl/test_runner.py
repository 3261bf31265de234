"""run_node: what it gives, when it commits, and what it costs."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from etl.context import RunContext
from etl.errors import ConfigError, DataError, TransientError
from etl.module import Output
from tests.etl.conftest import Lab, Rows

PROJECT = Path(__file__).parents[2]


def test_the_result_is_small_json_that_describes_the_dataset(lab: Lab) -> None:
    rows = (
        "SELECT range AS n, 'x' || range AS s, 1.5::DECIMAL(4, 2) AS d, NULL AS e FROM range(100)"
    )

    result = lab.run("transform.filter", {"condition": "n >= 10"}, rows)

    assert result["uri"] == f"{lab.staging}/run-1/node/1"
    assert result["columns"] == ["n", "s", "d", "e"]
    assert result["schema"] == {
        "n": "BIGINT",
        "s": "VARCHAR",
        "d": "DECIMAL(4,2)",
        "e": "INTEGER",
    }
    assert result["shape"] == [90, 4]
    assert len(result["data"]) == 20
    assert result["data"][0] == {"n": 10, "s": "x10", "d": "1.50", "e": None}
    metrics = result["metrics"]
    assert (metrics["rows_in"], metrics["rows_out"], metrics["rows_rejected"]) == (100, 90, 0)
    assert metrics["bytes"] == Path(str(result["uri"]), "part-0.parquet").stat().st_size
    assert metrics["seconds"] > 0
    assert metrics["peak_rss_bytes"] > 10_000_000
    assert len(json.dumps(result, allow_nan=False)) < 5000


def test_the_sample_is_json_whatever_the_types_are(lab: Lab) -> None:
    result = lab.stage(
        """SELECT 'NaN'::DOUBLE AS nan, TIMESTAMPTZ '2024-05-01 06:00:00+02' AS z, [1, 2] AS list,
           {'a': 1} AS record, 'ab'::BLOB AS raw, INTERVAL 1 DAY AS span, uuid() AS id,
           repeat('x', 100000) AS long, 'a' || chr(0) AS nul, 1::HUGEINT AS h"""
    )

    (record,) = json.loads(json.dumps(result["data"], allow_nan=False))
    assert record["nan"] == "nan"
    assert record["z"] == "2024-05-01 04:00:00+00"
    assert record["list"] == "[1, 2]"
    assert len(record["long"]) == 500
    assert "\x00" not in record["nul"]
    assert record["h"] == "1"


def test_integers_of_128_bits_keep_their_digits(lab: Lab) -> None:
    result = lab.stage("SELECT sum(n) AS n FROM (SELECT unnest([9007199254740993, 1]) AS n)")

    assert result["schema"] == {"n": "DECIMAL(38,0)"}
    assert result["data"] == [{"n": "9007199254740994"}]


@pytest.mark.parametrize(
    "output",
    [
        pa.table({"a": [1, 2]}),
        pa.table({"a": [1, 2]}).to_reader(),
        pd.DataFrame({"a": [1, 2]}),
        iter(pa.table({"a": [1, 2]}).to_batches()),
    ],
    ids=["table", "reader", "frame", "batches"],
)
def test_a_module_may_return_any_tabular_output(
    lab: Lab, output: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Rows, "execute", lambda self, inputs, context: output)

    assert lab.records(lab.stage([{}])) == [{"a": 1}, {"a": 2}]


def test_a_module_that_returns_something_else_is_told_what_it_may(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Rows, "execute", lambda self, inputs, context: {"a": 1})

    with pytest.raises(ConfigError, match="returned dict"):
        lab.stage([{}])


def test_an_iterator_that_fails_in_the_middle_commits_nothing_and_keeps_its_error(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"a": [1]})
        raise TransientError("the source went away")

    def execute(self: Rows, inputs: object, context: RunContext) -> Output:
        return batches()

    monkeypatch.setattr(Rows, "execute", execute)

    with pytest.raises(TransientError, match="Node 'source': the source went away"):
        lab.stage([{}])
    assert not Path(lab.staging, "run-1", "source", "1", "manifest.json").exists()


def test_the_manifest_is_written_after_all_data(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    from etl import outcome

    def dies(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(outcome, "commit", dies)
    with pytest.raises(KeyboardInterrupt):
        lab.stage("SELECT 1 AS a")

    folder = Path(lab.staging, "run-1", "source", "1")
    assert (folder / "part-0.parquet").exists()
    assert not (folder / "manifest.json").exists()
    assert not (folder / "running").exists()


def test_an_output_that_was_not_committed_is_not_read(lab: Lab) -> None:
    source = lab.stage("SELECT 1 AS a")
    Path(str(source["uri"]), "manifest.json").unlink()

    with pytest.raises(TransientError, match=r"is not there.*Execute the pipeline again"):
        lab.run("transform.filter", {"condition": "true"}, inputs={"input": source})


def test_a_repeated_try_has_a_folder_of_its_own(lab: Lab) -> None:
    source = lab.stage("SELECT 1 AS a")
    config = {"condition": "true"}

    first = lab.run("transform.filter", config, inputs={"input": source}, attempt=1)
    second = lab.run("transform.filter", config, inputs={"input": source}, attempt=2)

    assert first["uri"] != second["uri"]
    assert lab.records(first) == lab.records(second)


def test_what_a_killed_try_left_behind_is_not_mixed_in(lab: Lab) -> None:
    folder = Path(lab.staging, "run-1", "node", "1")
    folder.mkdir(parents=True)
    (folder / "part-7.parquet").write_text("half")

    result = lab.run("transform.filter", {"condition": "true"}, "SELECT 1 AS a")

    assert sorted(path.name for path in Path(str(result["uri"])).iterdir()) == [
        "manifest.json",
        "part-0.parquet",
    ]


def test_an_input_outside_of_the_staging_is_refused(lab: Lab, tmp_path: Path) -> None:
    elsewhere = lab.at(str(tmp_path / "elsewhere")).stage("SELECT 1 AS a")
    sneaky = {**elsewhere, "uri": f"{lab.staging}/../elsewhere/run-1/source/1"}

    for source in (elsewhere, sneaky):
        with pytest.raises(ConfigError, match="outside of the staging area"):
            lab.run("transform.filter", {"condition": "true"}, inputs={"input": source})  # type: ignore[dict-item]


def test_a_loader_cannot_feed_a_node(lab: Lab) -> None:
    loaded = lab.run("load.csv", {"path": "x.csv"}, "SELECT 1 AS a")

    with pytest.raises(ConfigError, match="staged no data"):
        lab.run("transform.filter", {"condition": "true"}, inputs={"input": loaded}, node_id="b")


def test_a_wrong_config_names_node_and_field(lab: Lab) -> None:
    with pytest.raises(ConfigError) as caught:
        lab.run("transform.sort", {"by": [{"column": "a"}], "limit": "ten"}, "SELECT 1 AS a")

    assert caught.value.as_dict()["node"] == "node"
    assert caught.value.field == "config.limit"
    assert str(caught.value).startswith("Node 'node': field 'limit' is wrong")


def test_an_error_is_a_small_json_object(lab: Lab) -> None:
    with pytest.raises(DataError) as caught:
        lab.run("extract.csv", {"path": "no.csv"})

    assert json.loads(json.dumps(caught.value.as_dict())) == {
        "type": "DataError",
        "message": str(caught.value),
        "node": "node",
        "field": "config.path",
        "retryable": False,
        "quarantine": None,
    }


@pytest.mark.parametrize("name", ["../evil", "a/b", "", ".", "..", "a b", "a\n"])
def test_an_execution_id_that_is_no_folder_name_is_refused(lab: Lab, name: str) -> None:
    lab.execution_id = name

    with pytest.raises(ConfigError, match="cannot name a staging folder"):
        lab.stage("SELECT 1 AS a")


def test_a_staging_in_a_path_with_spaces_and_quotes_works(lab: Lab, tmp_path: Path) -> None:
    odd = lab.at(str(tmp_path / "it's a [staging] 'folder'"))

    result = odd.run("transform.filter", {"condition": "a > 0"}, "SELECT 1 AS a")

    assert result["data"] == [{"a": 1}]


def test_a_staging_that_only_fsspec_reaches_works(lab: Lab) -> None:
    remote = lab.at("memory://bucket/staging")
    source = remote.stage("SELECT range AS a FROM range(5)")

    result = remote.run("transform.filter", {"condition": "a > 2"}, inputs={"input": source})

    assert result["uri"] == "memory://bucket/staging/run-1/node/1"
    assert result["data"] == [{"a": 3}, {"a": 4}]


def test_the_password_of_a_connection_is_in_no_log(
    lab: Lab, caplog: pytest.LogCaptureFixture, warehouse_url: str
) -> None:
    from urllib.parse import urlsplit

    caplog.set_level(logging.DEBUG)
    lab.run("extract.sql", {"connection": "warehouse", "query": "SELECT 1 AS a"})

    assert urlsplit(warehouse_url).password not in caplog.text
    assert "extract.sql: 1 rows in, 1 rows out" in caplog.text


def fresh(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=PROJECT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )


def test_importing_the_runner_imports_nothing_heavy() -> None:
    done = fresh(
        """
        import sys
        import etl, etl.errors, etl.settings, etl.runner, etl.connections, etl.liveness
        heavy = {"pandas", "duckdb", "pyarrow", "numpy", "pydantic", "jinja2", "psycopg", "fsspec"}
        print(sorted(heavy & set(sys.modules)))
        """
    )

    assert done.stdout.strip() == "[]"


def test_a_small_relational_node_imports_neither_pandas_nor_pyarrow(lab: Lab) -> None:
    (lab.data / "t.csv").write_text("a,at\n1,2024-05-01T00:00:00Z\n")
    done = fresh(
        f"""
        import sys
        from pathlib import Path
        from etl.context import RunContext
        from etl.runner import run_node

        def run(node_id, module, config, **inputs):
            context = RunContext(execution_id="x", node_id=node_id, staging={lab.staging!r},
                                 data_dirs=(Path({str(lab.data)!r}),))
            return run_node(node_id=node_id, module=module, config=config, inputs=inputs,
                            context=context)

        rows = run("a", "extract.csv", {{"path": "t.csv"}})
        kept = run("b", "transform.filter", {{"condition": "a > 0"}}, input=rows)
        run("c", "load.csv", {{"path": "out.csv"}}, input=kept)
        print(sorted({{"pandas", "pyarrow", "numpy", "fsspec"}} & set(sys.modules)))
        """
    )

    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_memory_is_bounded_by_the_setting_and_not_by_the_data(lab: Lab) -> None:
    """More than 320 MB of CSV go through an engine of 100 MB."""
    done = fresh(
        f"""
        import duckdb, json
        from pathlib import Path
        from etl.context import RunContext
        from etl.runner import run_node

        data = Path({str(lab.data)!r})

        def run(node_id, module, config, **inputs):
            context = RunContext(execution_id="x", node_id=node_id, staging={lab.staging!r},
                                 data_dirs=(data,), memory_limit="100MB")
            return run_node(node_id=node_id, module=module, config=config, inputs=inputs,
                            context=context)

        connection = duckdb.connect(config={{"memory_limit": "100MB", "threads": 1}})
        connection.execute("COPY (SELECT range AS id, md5(range::VARCHAR) AS a, repeat('x', 120)"
                           f" AS b FROM range(2_000_000)) TO '{{data / 'big.csv'}}'")
        connection.close()
        read = run("read", "extract.csv", {{"path": "big.csv"}})
        keep = run("keep", "transform.filter", {{"condition": "a > '1'"}}, input=read)
        load = run("load", "load.csv", {{"path": "out.csv"}}, input=keep)
        print(json.dumps([(data / "big.csv").stat().st_size, read, keep, load]))
        """
    )

    size, *nodes = json.loads(done.stdout.splitlines()[-1])
    assert size > 320_000_000
    for node in nodes:
        assert node["metrics"]["rows_out"] > 1_500_000
        assert node["metrics"]["peak_rss_bytes"] < 260_000_000


def test_work_that_does_not_fit_names_the_setting(lab: Lab) -> None:
    lab.memory_limit = "20MB"

    with pytest.raises(ConfigError, match=r"memory limit of 20MB\. Raise LOGIDATA_MEMORY_LIMIT"):
        lab.run(
            "transform.sql",
            {"query": "SELECT list(a) AS l FROM (SELECT range AS a FROM range(20000000))"},
            "SELECT 1 AS a",
        )


def test_a_signal_stops_a_long_query_at_once(lab: Lab) -> None:
    """As Airflow stops a task: a handler that raises, in the middle of DuckDB's work."""
    source = lab.stage("SELECT 1 AS a")
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(
                f"""
                import json, signal
                from etl.context import RunContext
                from etl.engine import interrupt_queries
                from etl.runner import run_node

                class Stopped(Exception):
                    pass

                def stop(number, frame):
                    interrupt_queries()
                    raise Stopped

                signal.signal(signal.SIGTERM, stop)
                context = RunContext(execution_id="run-1", node_id="long", staging={lab.staging!r})
                query = "SELECT count(*) AS n FROM range(100000) a, range(100000) b, range(1000)"
                try:
                    run_node(node_id="long", module="transform.sql", config={{"query": query}},
                             inputs={{"input": json.loads({json.dumps(source)!r})}},
                             context=context)
                except Exception as error:
                    print(type(error).__name__)
                """
            ),
        ],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    marker = Path(lab.staging, "run-1", "long", "1", "running")
    try:
        deadline = time.monotonic() + 30
        while not marker.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1.5)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=20)
    finally:
        process.kill()

    # The query alone would take hours.
    assert output.strip() == "Stopped"
    assert not marker.exists()
    assert not (marker.parent / "manifest.json").exists()


def test_a_value_that_looks_like_a_template_is_checked_like_any_other(lab: Lab) -> None:
    source = lab.stage("SELECT 1 AS a")

    with pytest.raises(ConfigError, match="field 'delimiter' is wrong") as caught:
        lab.run("load.csv", {"path": "o.csv", "delimiter": "{{ x }}"}, inputs={"input": source})

    assert caught.value.field == "config.delimiter"
