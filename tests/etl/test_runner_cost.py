"""What a node costs: imports, memory, and the time that it takes to stop."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from etl.errors import ConfigError
from tests.etl.conftest import Lab

PROJECT = Path(__file__).parents[2]


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
        print(sorted({{"pandas", "pyarrow", "numpy", "fsspec", "jinja2"}} & set(sys.modules)))
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


@pytest.mark.slow
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
