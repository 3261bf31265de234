"""What the loaders of all databases promise alike."""

from __future__ import annotations

import json

import pytest

from etl.errors import ConfigError, DataError
from etl.quarantine import TooManyRejectedError
from tests.etl.mariadb import mariadb_server, shop_url
from tests.etl.tables import Database, database

pytestmark = pytest.mark.slow

__all__ = ["database", "mariadb_server", "shop_url"]

MODES = {
    "append": {},
    "replace": {},
    "upsert": {"keys": ["id"]},
    "delete_insert": {"partition_by": ["day"]},
}
ROWS = "SELECT range AS id, range % 3 AS day, 'paid' AS status FROM range(10)"


def strict_table(database: Database) -> None:
    database.sql(
        "CREATE TABLE orders (id int PRIMARY KEY CHECK (id < 900), day int,"
        " status varchar(20) NOT NULL)"
    )


@pytest.mark.parametrize("mode", MODES)
def test_a_repeated_load_leaves_what_one_would(database: Database, mode: str) -> None:
    for attempt in (1, 2):
        result = database.load(ROWS, mode, attempt=attempt, **MODES[mode])
        assert result["metrics"]["rows_out"] == 10

    assert database.sql("SELECT count(*), count(DISTINCT id) FROM orders") == [(10, 10)]


def test_append_adds_in_every_execution(database: Database) -> None:
    database.load(ROWS)
    database.lab.execution_id = "run-2"
    database.load(ROWS)

    assert database.sql("SELECT count(*) FROM orders") == [(20,)]


def test_replace_leaves_only_the_new_rows(database: Database) -> None:
    database.load(ROWS, "replace")
    result = database.load("SELECT 99 AS id, 1 AS day, 'new' AS status", "replace")

    assert database.sql("SELECT id, status FROM orders") == [(99, "new")]
    assert "(replace)" in str(result["target"])


def test_upsert_updates_and_adds(database: Database) -> None:
    database.load(ROWS, "upsert", keys=["id"])
    database.load("SELECT unnest([9, 10]) AS id, 7 AS day, 'x' AS status", "upsert", keys=["ID"])

    assert database.sql("SELECT count(*) FROM orders") == [(11,)]
    assert database.sql("SELECT id FROM orders WHERE status = 'x' ORDER BY id") == [(9,), (10,)]


def test_delete_insert_replaces_the_partitions_of_the_input_only(database: Database) -> None:
    database.load(ROWS)
    database.load("SELECT 77 AS id, 1 AS day, 'new' AS status", "delete_insert",
                  partition_by=["day"])  # fmt: skip

    assert database.sql("SELECT day, count(*) FROM orders GROUP BY day ORDER BY day") == [
        (0, 4),
        (1, 1),
        (2, 3),
    ]


def test_nothing_is_a_partition_too(database: Database) -> None:
    by = {"partition_by": ["day", "status"]}
    rows = "SELECT * FROM (VALUES (1, NULL, 'a'), (2, 1, NULL), (3, 1, 'a')) v(id, day, status)"
    database.load(rows, "delete_insert", **by)
    database.load("SELECT 9 AS id, NULL::INTEGER AS day, 'a' AS status", "delete_insert", **by)

    assert database.sql("SELECT id FROM orders ORDER BY id") == [(2,), (3,), (9,)]


@pytest.mark.parametrize("mode", MODES)
def test_rows_that_break_a_constraint_are_set_aside(database: Database, mode: str) -> None:
    strict_table(database)
    rows = (
        "SELECT range AS id, range % 3 AS day,"
        " CASE WHEN range <> 500 THEN 'paid' END AS status FROM range(1000)"
    )

    result = database.load(rows, mode, max_rejected=101, **MODES[mode])

    assert database.sql("SELECT count(*), max(id) FROM orders") == [(899, 899)]
    assert result["metrics"]["rows_rejected"] == 101
    rejected = database.rejected(result)
    assert sorted(int(json.loads(row[2])["id"]) for row in rejected) == [500, *range(900, 1000)]
    (null,) = [row for row in rejected if json.loads(row[2])["id"] == "500"]
    assert "null" in null[0].lower()
    assert json.loads(null[2]) == {"id": "500", "day": "2", "status": None}
    assert null[1] == "status"


@pytest.mark.parametrize("mode", MODES)
def test_too_many_faulty_rows_load_nothing_and_show_why(database: Database, mode: str) -> None:
    strict_table(database)
    database.sql("INSERT INTO orders VALUES (-1, 1, 'old')")

    with pytest.raises(TooManyRejectedError, match="max_rejected accepts 3") as caught:
        database.load(
            "SELECT range + 890 AS id, 1 AS day, 'paid' AS status FROM range(20)",
            mode,
            max_rejected=3,
            **MODES[mode],
        )

    assert database.sql("SELECT id FROM orders") == [(-1,)]
    assert caught.value.quarantine is not None
    assert caught.value.quarantine["rows"] == 4


@pytest.mark.parametrize("mode", MODES)
def test_the_first_faulty_row_fails_a_load_that_accepts_none(database: Database, mode: str) -> None:
    strict_table(database)
    database.sql("INSERT INTO orders VALUES (-1, 1, 'old')")

    with pytest.raises(DataError):
        database.load(
            "SELECT range AS id, 1 AS day, NULL::VARCHAR AS status FROM range(20)",
            mode,
            **MODES[mode],
        )

    assert database.sql("SELECT id FROM orders") == [(-1,)]


def test_of_two_rows_that_exclude_each_other_the_first_stays(database: Database) -> None:
    strict_table(database)

    result = database.load(
        "SELECT * FROM (VALUES (1, 1, 'a'), (2, 1, 'b'), (1, 1, 'c')) v(id, day, status)",
        max_rejected=1,
    )

    assert database.sql("SELECT id, status FROM orders ORDER BY id") == [(1, "a"), (2, "b")]
    assert json.loads(database.rejected(result)[0][2])["status"] == "c"


def test_rows_that_break_a_foreign_key_are_set_aside(database: Database) -> None:
    database.sql("CREATE TABLE days (day int PRIMARY KEY)")
    database.sql("INSERT INTO days VALUES (0), (1)")
    database.sql(
        "CREATE TABLE orders (id int, day int, status varchar(20),"
        " FOREIGN KEY (day) REFERENCES days (day))"
    )

    result = database.load(ROWS, max_rejected="30%")

    assert database.sql("SELECT count(*) FROM orders") == [(7,)]
    assert "foreign key" in database.rejected(result)[0][0].lower()


def test_a_repeated_append_tells_again_what_was_set_aside(database: Database) -> None:
    strict_table(database)
    rows = "SELECT range + 890 AS id, 1 AS day, 'paid' AS status FROM range(20)"

    first = database.load(rows, max_rejected=10)
    second = database.load(rows, attempt=2, max_rejected=10)

    assert database.sql("SELECT count(*) FROM orders") == [(10,)]
    assert database.rejected(first) == database.rejected(second)
    assert second["metrics"]["rows_out"] == second["metrics"]["rows_rejected"] == 10


def test_upsert_sets_aside_rows_whose_key_is_missing_or_shared(database: Database) -> None:
    rows = "SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (2, 'c'), (NULL, 'd')) v(id, status)"

    result = database.load(rows, "upsert", keys=["id"], max_rejected=3)

    assert database.sql("SELECT id, status FROM orders") == [(1, "a")]
    assert sorted(row[:2] for row in database.rejected(result)) == [
        ("other rows have the same key id", "id"),
        ("other rows have the same key id", "id"),
        ("the key id has no value", "id"),
    ]


def test_upsert_refuses_rows_that_share_a_key(database: Database) -> None:
    with pytest.raises(DataError, match=r"2 rows have the same key \(id = 7\)\. Keep one"):
        database.load("SELECT unnest([7, 7, 8]) AS id", "upsert", keys=["id"])


def test_upsert_refuses_rows_without_a_key(database: Database) -> None:
    with pytest.raises(DataError, match=r"1 rows have no value in the key id"):
        database.load("SELECT unnest([NULL, 8]) AS id", "upsert", keys=["id"])


def test_upsert_needs_a_unique_index(database: Database) -> None:
    database.sql("CREATE TABLE orders (id int, day int, status varchar(20))")

    with pytest.raises(DataError, match=r"no unique .*on id"):
        database.load(ROWS, "upsert", keys=["id"])


@pytest.mark.parametrize("mode", MODES)
def test_a_new_column_fails_the_load_unless_told(database: Database, mode: str) -> None:
    database.load(ROWS, mode, **MODES[mode])
    database.lab.execution_id = "run-2"

    with pytest.raises(DataError, match=r"has no column 'note'; it has id, day, status"):
        database.load(ROWS.replace("'paid'", "'x' AS note, 'paid'"), mode, **MODES[mode])


@pytest.mark.parametrize("mode", MODES)
def test_a_new_column_is_added_and_told(database: Database, mode: str) -> None:
    database.load(ROWS, mode, **MODES[mode])
    database.lab.execution_id = "run-2"
    rows = ROWS.replace("'paid'", "'x' AS note, 'paid'").replace("range(10)", "range(5)")

    result = database.load(rows, mode, on_drift="add_columns", **MODES[mode])

    assert database.sql("SELECT count(*) FROM orders WHERE note = 'x'") == [(5,)]
    assert "added column 'note'" in str(result["target"])


def test_an_extra_column_is_left_out_and_told(database: Database) -> None:
    database.load(ROWS)
    database.lab.execution_id = "run-2"

    result = database.load(ROWS.replace("'paid'", "'x' AS note, 'paid'"), on_drift="ignore")

    assert database.sql("SELECT count(*) FROM orders") == [(20,)]
    assert "left out column 'note'" in str(result["target"])


def test_a_key_that_the_table_lacks_is_not_left_out(database: Database) -> None:
    database.load("SELECT 1 AS other, 2 AS status")

    with pytest.raises(DataError, match="has no column 'id'"):
        database.load("SELECT 1 AS id, 2 AS status", "upsert", keys=["id"], on_drift="ignore")


@pytest.mark.parametrize(
    "config",
    [
        {"mode": "upsert"},
        {"mode": "append", "keys": ["id"]},
        {"mode": "delete_insert"},
        {"mode": "replace", "partition_by": ["day"]},
        {"mode": "upsert", "keys": ["id", "ID"]},
    ],
)
def test_settings_that_do_not_go_together_are_refused(
    database: Database, config: dict[str, object]
) -> None:
    with pytest.raises(ConfigError):
        database.load(ROWS, **config)


def test_values_arrive_as_they_are(database: Database) -> None:
    texts = ["", None, " x ", 'a "b", c', "two\nlines\r\n", "\\N", "\\.", "NULL", "ø✓🙂", "'; --",
             "\\", '"', '",\n"', "\\n", "end\\"]  # fmt: skip

    database.load([{"id": number, "text": text} for number, text in enumerate(texts)])

    assert database.sql("SELECT text FROM orders ORDER BY id") == [(text,) for text in texts]


def test_a_single_empty_column_arrives_as_nulls(database: Database) -> None:
    database.load("SELECT NULL::VARCHAR AS text FROM range(3)")

    assert database.sql("SELECT count(*), count(text) FROM orders") == [(3, 0)]
