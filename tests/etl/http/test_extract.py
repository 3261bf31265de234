"""extract.http: the records and their columns, and those that are faulty."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from etl.errors import DataError
from etl.http.json_path import MISSING, find, parse
from etl.quarantine import TooManyRejectedError
from tests.etl.conftest import Lab
from tests.etl.http.conftest import FIVE, ids, read
from tests.etl.http.server import Reply, Service

pytestmark = pytest.mark.slow


# What comes out.


def test_values_keep_what_json_says_of_them(lab: Lab, service: Service) -> None:
    service.records = [
        {
            "n": 1,
            "f": 1.5,
            "ok": True,
            "zip": "00123",
            "day": "2024-05-01",
            "at": "2024-05-01T06:00:00",
            "zoned": "2024-05-01T06:00:00.5+02:00",
            "ambiguous": "03-04-2024",
            "nested": {"a": [1, {"b": None}]},
            "list": ["x"],
            "mixed": 1,
            "none": None,
        },
        {"n": None, "mixed": "two", "late": "only here"},
    ]

    result = read(lab, service)

    assert result["schema"] == {
        "n": "BIGINT",
        "f": "DOUBLE",
        "ok": "BOOLEAN",
        "zip": "VARCHAR",
        "day": "DATE",
        "at": "TIMESTAMP",
        "zoned": "TIMESTAMP WITH TIME ZONE",
        "ambiguous": "VARCHAR",
        "nested": "JSON",
        "list": "JSON",
        "mixed": "VARCHAR",
        "none": "VARCHAR",
        "late": "VARCHAR",
    }
    first, second = lab.records(result)
    assert first["day"] == date(2024, 5, 1)
    assert first["zoned"] == datetime(2024, 5, 1, 4, 0, 0, 500_000, tzinfo=UTC)
    assert json.loads(first["nested"]) == {"a": [1, {"b": None}]}
    assert [first["mixed"], second["mixed"]] == ["1", "two"]
    assert second["late"] == "only here"
    assert second["nested"] is None


def test_given_types_win_and_stand_for_fields_that_no_record_has(
    lab: Lab, service: Service
) -> None:
    service.records = [{"amount": "1.10", "id": 12345678901234567890123, "tags": ["a", "b"]}]
    types = {
        "Amount": "DECIMAL(10, 2)",
        "id": "HUGEINT",
        "tags": "VARCHAR[]",
        "shipped": "DATE",
    }

    (record,) = lab.records(read(lab, service, types=types))

    assert record == {
        "amount": Decimal("1.10"),
        "id": Decimal(12345678901234567890123),
        "tags": ["a", "b"],
        "shipped": None,
    }


def test_odd_texts_arrive_as_they_are(lab: Lab, service: Service) -> None:
    texts = ['a "b"', "two\nlines", "ø✓", "'; DROP--", "", "NULL", "x\x00y", "\u2028"]
    service.records = [{"te'x\"t": text} for text in texts]

    assert [row["te'x\"t"] for row in lab.records(read(lab, service))] == texts


def test_a_list_of_one_object_and_an_empty_list_count(lab: Lab, service: Service) -> None:
    service.script = [Reply(body={"item": {"id": 7}}), Reply(body={"item": None}), Reply(204)]

    assert ids(lab, read(lab, service, records="item")) == [7]
    for _ in range(2):
        empty = read(lab, service, records="item", types={"id": "BIGINT"})
        assert (empty["shape"], empty["schema"]) == ([0, 1], {"id": "BIGINT"})


def test_no_record_and_no_types_leave_the_columns_unknown(lab: Lab, service: Service) -> None:
    service.records = []

    with pytest.raises(DataError, match="gave no record, so the columns are unknown"):
        read(lab, service)


def test_a_compressed_answer_is_read(lab: Lab, service: Service) -> None:
    packed = gzip.compress(json.dumps(FIVE).encode())
    service.script = [Reply(raw=packed, headers={"Content-Encoding": "gzip"})]

    assert ids(lab, read(lab, service)) == [1, 2, 3, 4, 5]


def test_the_order_of_records_is_kept(lab: Lab, service: Service) -> None:
    service.records = [{"id": number, "text": "x" * 50} for number in range(60_000)]

    assert ids(lab, read(lab, service)) == list(range(60_000))


def test_names_that_differ_in_case_only_are_refused(lab: Lab, service: Service) -> None:
    service.records = [{"id": 1}, {"ID": 2}]

    with pytest.raises(DataError, match="fields named 'id' and 'ID'"):
        read(lab, service)


def test_nothing_but_the_output_stays_in_the_staging(lab: Lab, service: Service) -> None:
    read(lab, service)

    files = sorted(path.name for path in Path(lab.staging).rglob("*") if path.is_file())
    assert files == ["manifest.json", "part-0.parquet"]


def test_many_fields_that_few_records_have_stay_columns(lab: Lab, service: Service) -> None:
    service.records = [{"id": n, f"field {n}": n} for n in range(400)]

    result = read(lab, service)

    assert result["shape"] == [400, 401]
    assert lab.records(result)[7]["field 7"] == 7


# Faulty records.


def test_records_that_are_no_objects_or_do_not_fit_are_set_aside(
    lab: Lab, service: Service
) -> None:
    service.records = [{"id": 1, "n": "5"}, "oops", {"id": 3, "n": "many"}, [4]]

    result = read(
        lab, service, "link", pagination={"kind": "link"}, types={"n": "INTEGER"}, max_rejected=3
    )

    assert lab.records(result) == [{"id": 1, "n": 5}]
    assert result["metrics"]["rows_in"] == 4
    assert result["metrics"]["rows_rejected"] == 3
    assert result["rejected"] is not None
    rejected = sorted(result["rejected"]["data"], key=lambda row: (row["file"], row["line"]))
    assert rejected == [
        {
            "reason": "a text, not an object",
            "field": None,
            "file": f"{service.url}/link",
            "line": 1,
            "record": '"oops"',
        },
        {
            "reason": "'many' is no INTEGER",
            "field": "n",
            "file": f"{service.url}/link?from=2",
            "line": 0,
            "record": '{"id":"3","n":"many"}',
        },
        {
            "reason": "a list, not an object",
            "field": None,
            "file": f"{service.url}/link?from=2",
            "line": 1,
            "record": "[4]",
        },
    ]


def test_a_faulty_record_fails_the_node_unless_it_is_accepted(lab: Lab, service: Service) -> None:
    service.records = [{"id": 1}, None]

    with pytest.raises(TooManyRejectedError, match=r"1 of 2 rows are faulty.*null, not an object"):
        read(lab, service)


# The parts.


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", {"a": {"b.c": [1, {"d": 2}]}}),
        ("$", {"a": {"b.c": [1, {"d": 2}]}}),
        ("a['b.c'][1].d", 2),
        ('$.a["b.c"][-1]', {"d": 2}),
        ("a.x", MISSING),
        ("a['b.c'][5]", MISSING),
    ],
)
def test_a_json_path_leads_to_a_value(path: str, found: object) -> None:
    assert find({"a": {"b.c": [1, {"d": 2}]}}, parse(path)) == found


@pytest.mark.parametrize("path", ["a..b", ".a", "a.", "a[", "a[x]", "$a", "a b", "a.['b']", "*['"])
def test_what_is_no_json_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="no path into JSON"):
        parse(path)
