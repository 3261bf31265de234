"""extract.sql against a real server."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from etl.errors import ConfigError, DataError, TransientError
from etl.runner import NodeResult
from tests.etl.conftest import Lab

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
    with pytest.raises(DataError):
        extract(lab, "SELECT 'infinity'::timestamptz AS ends")


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
