"""What user SQL may say, by its text alone."""

from __future__ import annotations

import pytest

from etl.sql import SQLRefusedError
from etl.sql_checks import check_expression, check_query, check_type

EXPRESSIONS = [
    "amount > 0",
    "status = 'paid' AND amount > 10",
    "amount > (SELECT avg(amount) FROM input)",
    "name LIKE '%;%' -- a comment",
    "/* why */ coalesce(a, b)",
    "CASE WHEN a THEN 1 ELSE 2 END",
    "list_transform([1, 2], lambda x: x + 1)",
    "sum(a) OVER (PARTITION BY b ORDER BY c)",
    "a IN (1, 2)",
    "\"strange ) name\" = ')'",
]

NO_EXPRESSIONS = [
    "",
    "   ",
    "-- only a comment",
    "1; DROP TABLE input",
    "1;",
    "a, b",
    "a AS b",
    "a b",
    "*",
    "COLUMNS(*)",
    "DISTINCT a",
    "1 FROM input",
    "1 WHERE true",
    "1 GROUP BY ALL",
    "1 ORDER BY 1",
    "1 LIMIT 1",
    "1 UNION SELECT 2",
    "a) OR (true",
    "1) FROM read_csv('/etc/passwd') --",
    "true) UNION ALL (SELECT 1",
    "/* never closed",
    "'never closed",
    "a = ?",
    "a = $1",
    "a = $name",
    "SELECT 1",
    "COPY input TO 'x'",
    "a\x00b",
]

READS_BEYOND = [
    "(SELECT count(*) FROM '/etc/passwd')",
    "(SELECT count(*) FROM read_csv('/etc/passwd'))",
    "EXISTS (FROM read_text('/etc/passwd'))",
    "EXISTS (FROM other)",
    "EXISTS (FROM main.input)",
    "EXISTS (FROM duckdb_settings())",
    "EXISTS (FROM pg_settings)",
    "EXISTS (WITH a AS (WITH pg_settings AS (SELECT 1) SELECT 1) FROM pg_settings)",
    "current_setting('temp_directory') = 'x'",
    "main.current_setting('temp_directory') = 'x'",
    "'temp_directory'.current_setting() = 'x'",
    "Current_Setting('temp_directory') = 'x'",
    "getenv('HOME') = 'x'",
    "getvariable('x') = 1",
    "json_serialize_plan('FROM read_csv(''/etc/passwd'')') IS NULL",
]


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_one_expression_passes_as_it_is(text: str) -> None:
    assert check_expression(text) == text


@pytest.mark.parametrize("text", NO_EXPRESSIONS)
def test_anything_but_one_expression_is_refused(text: str) -> None:
    with pytest.raises(SQLRefusedError):
        check_expression(text)


@pytest.mark.parametrize("text", READS_BEYOND)
def test_an_expression_that_reaches_beyond_its_input_is_refused(text: str) -> None:
    with pytest.raises(SQLRefusedError):
        check_expression(text)


QUERIES = [
    "SELECT * FROM input",
    "FROM input",
    "TABLE input;",
    "WITH big AS (SELECT * FROM input WHERE a > 1) SELECT count(*) FROM big",
    "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 3) FROM n",
    "SELECT * FROM input i JOIN input j USING (id)",
    "SELECT * FROM input, unnest([1, 2]) AS u(x)",
    "SELECT * FROM range(3)",
    "SELECT * FROM (VALUES (1), (2)) AS v(x)",
    "SELECT * FROM INPUT UNION ALL SELECT * FROM Input",
    "SELECT * FROM (PIVOT input ON a IN (1, 2) USING sum(b))",
    "SELECT * EXCLUDE (a) FROM input QUALIFY row_number() OVER (PARTITION BY b) = 1",
    "SELECT 'COPY x TO y; ATTACH' AS harmless FROM input",
]


@pytest.mark.parametrize("text", QUERIES)
def test_one_select_over_the_inputs_passes(text: str) -> None:
    assert check_query(text, tables=["input"]) == text


SYSTEM_TABLES = ["pg_settings", "PG_Class", "sqlite_master", "duckdb_views", "pragma_database_list"]

ATTACKS = [
    *(
        f"WITH a AS (WITH {name} AS (SELECT 1) SELECT 1) SELECT * FROM {name}"
        for name in SYSTEM_TABLES
    ),
    "SELECT 1; SELECT 2",
    "SELECT 1; COPY input TO '/tmp/x'",
    "",
    ";",
    "SELEC 1",
    "SELECT * FROM '/etc/passwd'",
    'SELECT * FROM "/etc/passwd"',
    "SELECT * FROM 'https://example.org/x.csv'",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_csv_auto('/etc/passwd')",
    "SELECT * FROM main.read_csv('/etc/passwd')",
    "SELECT * FROM system.main.read_text('/etc/passwd')",
    "SELECT * FROM READ_BLOB('/etc/passwd')",
    "SELECT * FROM read_parquet('part-0.parquet')",
    "SELECT * FROM parquet_scan('part-0.parquet')",
    "SELECT * FROM parquet_metadata('part-0.parquet')",
    "SELECT * FROM read_json('/etc/passwd')",
    "SELECT * FROM read_duckdb('/tmp/x.db')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM glob('/**')",
    "SELECT * FROM query('FROM read_csv(''/etc/passwd'')')",
    "SELECT * FROM query_table('/etc/passwd')",
    "SELECT * FROM json_execute_serialized_sql('{}')",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_views()",
    "SELECT * FROM duckdb_views",
    "SELECT * FROM pragma_database_list",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM pg_catalog.pg_class",
    "SELECT * FROM main.input",
    "SELECT * FROM memory.main.input",
    "SELECT * FROM other",
    "SELECT * FROM input WHERE a IN (SELECT a FROM read_csv('/etc/passwd'))",
    "SELECT (SELECT max(content) FROM read_text('/etc/passwd')) FROM input",
    "WITH x AS (FROM read_csv('/etc/passwd')) FROM x",
    "WITH x AS MATERIALIZED (FROM read_csv('/etc/passwd')) SELECT 1",
    # A name after WITH must not smuggle a file's name past the list of tables.
    "SELECT * FROM (WITH \"/tmp/part-0.parquet\" AS (SELECT 1) SELECT 1), '/tmp/part-0.parquet'",
    "SELECT * FROM (WITH duckdb_settings AS (SELECT 1) SELECT 1) a, duckdb_settings",
    "SELECT * FROM input, LATERAL (FROM read_text('/etc/passwd'))",
    "SELECT * FROM (DESCRIBE input)",
    "SELECT * FROM (SHOW TABLES)",
    "DESCRIBE input",
    "SUMMARIZE input",
    "SHOW ALL TABLES",
    "EXPLAIN SELECT 1",
    "PIVOT input ON a USING sum(b)",
    "COPY input TO '/tmp/x.csv'",
    "COPY (SELECT 1) TO '/tmp/x.csv'",
    "EXPORT DATABASE '/tmp/x'",
    "IMPORT DATABASE '/tmp/x'",
    "ATTACH '/tmp/x.db'",
    "DETACH memory",
    "USE memory",
    "INSTALL httpfs",
    "FORCE INSTALL httpfs",
    "LOAD httpfs",
    "UPDATE EXTENSIONS",
    "SET memory_limit = '100GB'",
    "RESET lock_configuration",
    "SET VARIABLE x = 1",
    "PRAGMA database_list",
    "PRAGMA enable_profiling",
    "CALL enable_logging()",
    "CHECKPOINT",
    "VACUUM",
    "CREATE TABLE x AS SELECT 1",
    "CREATE VIEW x AS SELECT 1",
    "CREATE MACRO m() AS 1",
    "CREATE SECRET (TYPE s3)",
    "CREATE FUNCTION f() AS TABLE FROM read_csv('/etc/passwd')",
    "DROP VIEW input",
    "INSERT INTO input VALUES (1)",
    "UPDATE input SET a = 1",
    "DELETE FROM input",
    "TRUNCATE input",
    "MERGE INTO input USING input j ON true WHEN MATCHED THEN DELETE",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "BEGIN",
    "SELECT current_setting('temp_directory')",
    "SELECT getenv('HOME')",
    "SELECT write_log('x')",
    "SELECT sleep_ms(100000)",
    "SELECT ?",
    "SELECT $path",
]


@pytest.mark.parametrize("text", ATTACKS)
def test_a_query_that_is_not_one_select_over_the_inputs_is_refused(text: str) -> None:
    with pytest.raises(SQLRefusedError):
        check_query(text, tables=["input"])


# All but the names of plain tables can be judged when a pipeline is saved.
PLAIN_TABLES = {f"SELECT * FROM {name}" for name in ("other", "duckdb_views", "sqlite_master")}
PLAIN_TABLES |= {"SELECT * FROM pragma_database_list"}


@pytest.mark.parametrize("text", [text for text in ATTACKS if text not in PLAIN_TABLES])
def test_a_query_is_refused_even_before_its_inputs_are_known(text: str) -> None:
    with pytest.raises(SQLRefusedError):
        check_query(text)


@pytest.mark.parametrize(
    "text",
    ["BIGINT", "DECIMAL(10, 2)", "VARCHAR[]", "STRUCT(a INTEGER)", "timestamp with time zone"],
)
def test_a_type_passes(text: str) -> None:
    assert check_type(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "BIGINT) FROM read_csv('/etc/passwd'",
        "BIGINT), (SELECT 1",
        "BIGINT) + (SELECT 1",
        "BIGINT) AS x --",
        "BIGINT); DROP TABLE x; --",
        "1",
    ],
)
def test_what_is_no_single_type_is_refused(text: str) -> None:
    with pytest.raises(SQLRefusedError):
        check_type(text)


def test_a_refusal_says_what_to_write_instead() -> None:
    with pytest.raises(SQLRefusedError, match=r"The table 'other' is no input.*input\. Connect"):
        check_query("SELECT * FROM other", tables=["input"])
