"""What user SQL can reach when it runs, with and without the check of its text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from etl.engine import Engine
from etl.errors import ConfigError
from tests.etl.conftest import Lab


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    staged = tmp_path / "in" / "part-0.parquet"
    staged.parent.mkdir()
    duckdb.sql("SELECT 1 AS a").write_parquet(str(staged))
    (tmp_path / "secret.csv").write_text("a\nsecret\n")
    (tmp_path / "out").mkdir()
    with Engine(
        tables={"input": [staged]}, folder=tmp_path / "out", memory_limit="100MB"
    ) as engine:
        yield engine


def test_the_input_can_be_read(engine: Engine) -> None:
    assert engine.connect().sql("FROM input").fetchall() == [(1,)]


# Here the text is not checked: this is what the engine alone refuses.
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_text('{tmp}/secret.csv')",
        "SELECT * FROM '{tmp}/secret.csv'",
        "SELECT * FROM '{tmp}/out/../secret.csv'",
        "SELECT * FROM read_text('{tmp}/in/../secret.csv')",
        "SELECT * FROM glob('{tmp}/*')",
        "SELECT * FROM glob('{tmp}/in/*')",
        "SELECT * FROM read_parquet('{tmp}/in/*.parquet')",
        "SELECT * FROM read_csv('https://example.org/x.csv')",
        "SELECT * FROM 's3://bucket/x.parquet'",
        "COPY input TO '{tmp}/stolen.csv'",
        "COPY input TO '{tmp}/in/stolen.csv'",
        "COPY input TO '/dev/stderr'",
        "EXPORT DATABASE '{tmp}/stolen'",
        "ATTACH '{tmp}/stolen.db'",
        "ATTACH 'dbname=postgres' AS pg (TYPE postgres)",
        "INSTALL httpfs",
        "INSTALL postgres FROM 'https://example.org'",
        "LOAD httpfs",
        "LOAD '{tmp}/evil.duckdb_extension'",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "SET allowed_paths = ['/etc/passwd']",
        "SET memory_limit = '100GB'",
        "SET temp_directory = '/tmp'",
        "SET lock_configuration = false",
        "RESET lock_configuration",
        "RESET GLOBAL enable_external_access",
        "PRAGMA memory_limit = '100GB'",
        "CREATE PERSISTENT SECRET s (TYPE http, bearer_token 'x')",
        "SELECT getenv('HOME')",
        "SELECT * FROM python_variable",
    ],
)
def test_the_engine_itself_refuses_what_is_not_its_own(
    engine: Engine, tmp_path: Path, statement: str
) -> None:
    python_variable = duckdb.sql("SELECT 1 AS a")
    before = {path for path in tmp_path.rglob("*") if ".spill" not in path.parts}

    with pytest.raises(duckdb.Error):
        engine.connect().execute(statement.replace("{tmp}", str(tmp_path))).fetchall()

    assert {path for path in tmp_path.rglob("*") if ".spill" not in path.parts} == before
    del python_variable


def test_files_are_named_before_the_engine_locks(engine: Engine, tmp_path: Path) -> None:
    engine.connect()

    with pytest.raises(RuntimeError, match="locked already"):
        engine.connect(files=[tmp_path / "secret.csv"])


def test_a_query_cannot_read_its_own_staged_file_by_name(lab: Lab) -> None:
    source = lab.stage("SELECT 1 AS a")
    part = f"{source['uri']}/part-0.parquet"

    for query in (
        f"SELECT * FROM '{part}'",
        f"SELECT * FROM read_parquet('{part}')",
        f"SELECT * FROM read_blob('{part}')",
        f"SELECT * FROM (WITH \"{part}\" AS (SELECT 1) SELECT 1), '{part}'",
        f"SELECT * FROM input WHERE a IN (SELECT a FROM '{part}')",
    ):
        with pytest.raises(ConfigError):
            lab.run("transform.sql", {"query": query}, inputs={"input": source})


def test_a_query_cannot_write_into_its_own_staging_folder(lab: Lab) -> None:
    target = Path(lab.staging, "run-1", "node", "1", "evil.csv")

    with pytest.raises(ConfigError):
        lab.run("transform.sql", {"query": f"COPY input TO '{target}'"}, "SELECT 1 AS a")

    assert not target.exists()


@pytest.mark.parametrize(
    ("module", "config"),
    [
        ("transform.filter", {"condition": "{evil}"}),
        ("transform.derive", {"columns": [{"name": "x", "expression": "{evil}"}]}),
        ("transform.sql", {"query": "SELECT {evil} AS x FROM input"}),
        ("transform.select", {"cast": {"a": "BIGINT) + ({evil}"}}),
    ],
)
@pytest.mark.parametrize(
    "evil",
    [
        "(SELECT count(*) FROM read_text('/etc/passwd')) > 0",
        "(SELECT count(*) FROM '/etc/passwd') > 0",
        "current_setting('temp_directory') <> ''",
    ],
)
def test_no_field_of_any_module_lets_sql_reach_beyond_the_input(
    lab: Lab, module: str, config: dict[str, object], evil: str
) -> None:
    def filled(value: object) -> object:
        if isinstance(value, str):
            return value.replace("{evil}", evil)
        if isinstance(value, list):
            return [filled(item) for item in value]
        if isinstance(value, dict):
            return {key: filled(item) for key, item in value.items()}
        return value

    with pytest.raises(ConfigError):
        lab.run(module, filled(config), "SELECT 1 AS a")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("module", "config"),
    [
        ("transform.select", {"keep": ["a\" FROM read_text('/etc/passwd') --"]}),
        ("transform.select", {"rename": {"a": 'x", (FROM range(1)) AS "y'}}),
        ("transform.sort", {"by": [{"column": 'a" LIMIT 0 --'}]}),
        ("transform.aggregate", {"measures": [{"name": 'n", 1 AS "m', "function": "count"}]}),
    ],
)
def test_names_are_names_whatever_they_hold(
    lab: Lab, module: str, config: dict[str, object]
) -> None:
    try:
        result = lab.run(module, config, "SELECT 1 AS a")
    except ConfigError as exc:
        said = str(exc)
    else:
        said = ""
        assert len(result["columns"]) == 1
    assert not said or "does not exist in the input" in said
