"""extract.sql against real servers, and files."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from etl.errors import ConfigError, DataError, TransientError
from etl.modules.extract_sql import ExtractSQL
from etl.runner import NodeResult
from tests.etl.conftest import Lab
from tests.etl.mariadb import mariadb_server, query, shop_url

__all__ = ["mariadb_server", "shop_url"]

pytestmark = pytest.mark.usefixtures("warehouse_url")


def extract(lab: Lab, query: str, **parameters: object) -> NodeResult:
    return lab.run(
        "extract.sql", {"connection": "warehouse", "query": query, "parameters": parameters}
    )


def test_types_arrive(lab: Lab) -> None:
    result = extract(
        lab,
        """SELECT true AS b, 1::int2 AS s, 2::int4 AS i, 3::int8 AS l, 1.25::numeric(10, 2) AS d,
           1.5::float8 AS f, 'x'::text AS t, 'y'::varchar(3) AS v, DATE '2024-05-01' AS day,
           TIMESTAMP '2024-05-01 06:00:00.5' AS at,
           TIMESTAMPTZ '2024-05-01 06:00:00+02' AS z, '\\x6162'::bytea AS raw,
           '{"k": 1}'::jsonb AS j, ARRAY[1, 2] AS arr, NULL::text AS n,
           '00000000-0000-0000-0000-000000000001'::uuid AS id, '10.0.0.1'::inet AS ip""",
    )

    assert lab.records(result) == [
        {
            "b": True,
            "s": 1,
            "i": 2,
            "l": 3,
            "d": Decimal("1.25"),
            "f": 1.5,
            "t": "x",
            "v": "y",
            "day": date(2024, 5, 1),
            "at": datetime.fromisoformat("2024-05-01T06:00:00.500000"),
            "z": datetime(2024, 5, 1, 4, tzinfo=UTC),
            "raw": b"ab",
            "j": '{"k": 1}',
            "arr": "[1, 2]",
            "n": None,
            "id": "00000000-0000-0000-0000-000000000001",
            "ip": "10.0.0.1",
        }
    ]
    assert result["schema"]["d"] == "DECIMAL(10,2)"
    assert result["schema"]["z"] == "TIMESTAMP WITH TIME ZONE"


def test_many_rows_come_in_order_and_complete(lab: Lab) -> None:
    result = extract(lab, "SELECT n FROM generate_series(1, 25001) AS g(n)")

    assert [row["n"] for row in lab.records(result)] == list(range(1, 25002))


def test_a_row_that_is_one_empty_text_is_not_lost(lab: Lab) -> None:
    result = extract(lab, "SELECT * FROM (VALUES (''), ('a'), (NULL), ('\\N'), ('')) AS g(t)")

    assert [row["t"] for row in lab.records(result)] == ["", "a", None, "\\N", ""]


def test_no_rows_keep_the_columns(lab: Lab) -> None:
    result = extract(lab, "SELECT 1 AS a, 'x' AS b WHERE false")

    assert result["schema"] == {"a": "INTEGER", "b": "VARCHAR"}
    assert result["shape"] == [0, 2]


def test_a_parameter_is_a_value_and_never_sql(lab: Lab) -> None:
    evil = "x'; DROP TABLE t; --"

    result = extract(lab, "SELECT %(evil)s AS t, %(n)s::int AS n", evil=evil, n=3)

    assert lab.records(result) == [{"t": evil, "n": 3}]


def test_a_percent_sign_needs_no_care_without_parameters(lab: Lab) -> None:
    assert lab.records(extract(lab, "SELECT 'a' LIKE '%a%' AS b")) == [{"b": True}]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELEC 1", "syntax error"),
        ("SELECT nope FROM pg_class", "nope"),
        ("SELECT * FROM nowhere", "nowhere"),
        ("SELECT 1; SELECT 2", "multiple commands"),
        ("CREATE TABLE evil (a int)", "syntax error"),
        ("DELETE FROM pg_class", "syntax error"),
        ("WITH d AS (DELETE FROM pg_class RETURNING 1) SELECT * FROM d", "WITH"),
        ("SELECT %(missing)s", "missing"),
    ],
)
def test_a_query_that_is_refused_says_why(lab: Lab, query: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        extract(lab, query, **({"other": 1} if "%" in query else {}))


def test_a_query_cannot_write(lab: Lab) -> None:
    with pytest.raises(ConfigError, match="only reads"):
        extract(lab, "SELECT lo_create(0)")


def test_a_value_that_cannot_be_kept_is_named_with_its_column(lab: Lab) -> None:
    with pytest.raises(DataError, match="column 1 of the query"):
        extract(lab, "SELECT '294276-12-31'::timestamp AS ends")


def test_a_division_by_zero_is_an_error_in_the_data(lab: Lab) -> None:
    with pytest.raises(DataError, match="division by zero"):
        extract(lab, "SELECT 1 / (n - 20000) AS x FROM generate_series(1, 30000) AS g(n)")


def test_a_server_that_goes_away_in_the_middle_is_worth_a_retry(
    lab: Lab, warehouse_url: str
) -> None:
    with pytest.raises(TransientError, match="broke off"):
        extract(
            lab,
            "SELECT CASE WHEN n = 30000 THEN pg_terminate_backend(pg_backend_pid()) END AS x"
            " FROM generate_series(1, 40000) AS g(n)",
        )


def test_a_server_that_is_down_is_worth_a_retry(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", "postgres://me:s3cret@127.0.0.1:1/warehouse")

    with pytest.raises(TransientError, match="cannot be reached"):
        extract(lab, "SELECT 1 AS a")


def test_ugly_texts_arrive_as_they_are(lab: Lab) -> None:
    texts = ["", None, "NULL", "\\N", 'a "b", c', "two\nlines\r\n", "\\.", "ø✓🙂", "x" * 3_000_000]
    query = " UNION ALL ".join(
        f"SELECT {n} AS n, %(t{n})s::text AS text" for n in range(len(texts))
    )

    result = extract(lab, query, **{f"t{n}": text for n, text in enumerate(texts)})

    assert [r["text"] for r in sorted(lab.records(result), key=lambda r: r["n"])] == texts


@pytest.mark.parametrize("kind", ["int", "numeric(9, 2)", "float8", "timestamp", "date"])
def test_a_result_read_in_ranges_is_complete(lab: Lab, kind: str) -> None:
    value = {
        "timestamp": "TIMESTAMP '2024-01-01' + n * interval '1 h'",
        "date": "DATE '2024-01-01' + n",
    }
    query = (
        f"SELECT n, CASE WHEN n % 10 <> 0 THEN {value.get(kind, 'n')} END::{kind} AS k"
        " FROM generate_series(1, 5000) g(n)"
    )

    result = lab.run(
        "extract.sql",
        {"connection": "warehouse", "query": query, "partition_column": "K", "partitions": 3},
    )

    assert sorted(row["n"] for row in lab.records(result)) == list(range(1, 5001))


def test_a_column_without_distances_makes_no_ranges(lab: Lab) -> None:
    with pytest.raises(ConfigError, match="cannot be cut into ranges"):
        lab.run(
            "extract.sql",
            {
                "connection": "warehouse",
                "query": "SELECT unnest(ARRAY['a', 'b']) AS t",
                "partition_column": "t",
            },
        )


def peek(lab: Lab, **config: object) -> dict[str, str] | None:
    module = ExtractSQL(ExtractSQL.Config.model_validate(config))
    columns = module.peek(lab.context())
    return None if columns is None else {column.name: column.type for column in columns}


def test_the_columns_are_known_before(lab: Lab) -> None:
    query = "SELECT 1 AS a, 1.5::numeric(9, 2) AS b, now() AS c, pg_sleep(60)::text AS d"

    assert peek(lab, connection="warehouse", query=query) == {
        "a": "INTEGER",
        "b": "DECIMAL(9,2)",
        "c": "TIMESTAMP WITH TIME ZONE",
        "d": "VARCHAR",
    }


SHOP = (
    "CREATE TABLE orders (id bigint, amount decimal(10, 2), day date, at {moment}, name varchar(9),"
    " raw blob)"
)
ROW = "INSERT INTO orders VALUES (1, 12.5, '2024-05-01', '2024-05-01 06:00:00', 'ø', x'00ff')"
EXPECTED = {
    "id": 1,
    "amount": Decimal("12.50"),
    "day": date(2024, 5, 1),
    "at": datetime.fromisoformat("2024-05-01T06:00"),
    "name": "ø",
    "raw": b"\x00\xff",
}


@pytest.mark.slow
def test_rows_come_from_mysql(lab: Lab, shop_url: str) -> None:
    query(shop_url, SHOP.format(moment="datetime"))
    query(shop_url, ROW)
    config = {"connection": "shop", "query": "SELECT * FROM orders WHERE id = %(id)s"}

    result = lab.run("extract.sql", {**config, "parameters": {"id": 1}})

    assert lab.records(result) == [EXPECTED]
    assert peek(lab, **config, parameters={"id": 1}) == result["schema"]
    none = lab.run("extract.sql", {**config, "parameters": {"id": 2}})
    assert none["schema"] == result["schema"]


@pytest.mark.parametrize("source", ["path", "connection"])
def test_rows_come_from_sqlite(lab: Lab, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_FILE", "sqlite:///shop.sqlite")
    connection = sqlite3.connect(lab.data / "shop.sqlite")
    with connection:
        connection.execute(SHOP.format(moment="timestamp"))
        connection.execute(ROW)
    connection.close()
    config = {
        source: "shop.sqlite" if source == "path" else "file",
        "query": "SELECT * FROM orders WHERE id = %(id)s",
    }

    result = lab.run("extract.sql", {**config, "parameters": {"id": 1}})

    assert lab.records(result) == [EXPECTED]
    assert result["schema"]["amount"] == "DECIMAL(10,2)"


@pytest.mark.parametrize(
    "text",
    ["ATTACH 'other.sqlite' AS o", "DELETE FROM t", "SELECT 1; SELECT 2", "PRAGMA user_version"],
)
def test_sqlite_takes_one_select_only(lab: Lab, text: str) -> None:
    sqlite3.connect(lab.data / "shop.sqlite").execute("CREATE TABLE t (a)")

    with pytest.raises(ConfigError, match="refused"):
        lab.run("extract.sql", {"path": "shop.sqlite", "query": text})


def test_only_postgresql_reads_in_ranges(lab: Lab) -> None:
    sqlite3.connect(lab.data / "shop.sqlite").execute("CREATE TABLE t (a)")

    with pytest.raises(ConfigError, match="as of one moment"):
        lab.run(
            "extract.sql",
            {"path": "shop.sqlite", "query": "SELECT 1 AS a", "partition_column": "a"},
        )
