"""extract.csv: what it reads, and what it says of files that it cannot."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from etl.errors import ConfigError, DataError
from tests.etl.conftest import Lab

MANY = "".join(f"{number},{number}\n" for number in range(60_000))


def test_types_are_guessed_and_empty_values_are_null(lab: Lab) -> None:
    (lab.data / "t.csv").write_text(
        "id,price,when,paid,name\n1,2.5,2024-05-01T06:00:00Z,true,\n2,,,,Ann\n"
    )

    result = lab.run("extract.csv", {"path": "t.csv"})

    assert result["schema"] == {
        "id": "BIGINT",
        "price": "DOUBLE",
        "when": "TIMESTAMP WITH TIME ZONE",
        "paid": "BOOLEAN",
        "name": "VARCHAR",
    }
    assert lab.records(result) == [
        {
            "id": 1,
            "price": 2.5,
            "when": datetime(2024, 5, 1, 6, tzinfo=UTC),
            "paid": True,
            "name": None,
        },
        {"id": 2, "price": None, "when": None, "paid": None, "name": "Ann"},
    ]


def test_given_types_win_over_guesses(lab: Lab) -> None:
    (lab.data / "t.csv").write_text("code,amount\n00123,1.10\n")

    result = lab.run(
        "extract.csv",
        {"path": "t.csv", "types": {"code": "VARCHAR", "amount": "DECIMAL(10, 2)"}},
    )

    assert lab.records(result) == [{"code": "00123", "amount": Decimal("1.10")}]


def test_delimiter_quote_encoding_and_null_values_can_be_set(lab: Lab) -> None:
    (lab.data / "t.csv").write_bytes("name;n\n'Jörg; A';NA\n".encode("latin-1"))

    result = lab.run(
        "extract.csv",
        {
            "path": "t.csv",
            "delimiter": ";",
            "quote": "'",
            "encoding": "latin-1",
            "null_values": ["", "NA"],
        },
    )

    assert lab.records(result) == [{"name": "Jörg; A", "n": None}]


def test_utf_16_is_read(lab: Lab) -> None:
    (lab.data / "t.csv").write_bytes("name,n\nJörg,1\n".encode("utf-16"))

    result = lab.run("extract.csv", {"path": "t.csv", "encoding": "utf-16"})

    assert lab.records(result) == [{"name": "Jörg", "n": 1}]


def test_a_compressed_file_and_windows_line_ends_are_read(lab: Lab) -> None:
    with gzip.open(lab.data / "t.csv.gz", "wt", newline="") as stream:
        stream.write('a,b\r\n1,"x\r\ny"\r\n')

    result = lab.run("extract.csv", {"path": "t.csv.gz"})

    assert lab.records(result) == [{"a": 1, "b": "x\r\ny"}]


def test_a_header_alone_gives_no_rows(lab: Lab) -> None:
    (lab.data / "t.csv").write_text("a,b\n")

    assert lab.run("extract.csv", {"path": "t.csv"})["shape"] == [0, 2]


def test_the_order_of_rows_is_kept(lab: Lab) -> None:
    (lab.data / "t.csv").write_text("a,b\n" + MANY)

    rows = lab.records(lab.run("extract.csv", {"path": "t.csv"}))

    assert [row["a"] for row in rows] == list(range(60_000))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,b,c\n1,2,3\n4,5\n6,7,8\n", ["line 3", "2 values instead of 3", "Correct the row"]),
        (b"a,b,c\n1,2,3\n4,5,6,7\n", ["line 3", "4 values instead of 3", "quoted"]),
        (b'a,b\n1,"x\n2,y\n', ["line 2", "does not end", "Close its quote"]),
        (b"a,b\n1,\xff\xfe\n2,y\n", ["line 2", "encoding", "UTF-8"]),
        (
            ("a,b\n" + MANY + "7,oops\n").encode(),
            ["line 60002", "column 'b'", '"oops"', "VARCHAR under types"],
        ),
        (("a,b\n" + MANY + "7\n").encode(), ["line 60002", "1 values instead of 2"]),
        (b"junk\n\na,b\n1,2\n3,4\n", ["line", "values instead of 1"]),
        (b"", ["is empty", "header line"]),
    ],
)
def test_a_malformed_file_is_named_with_line_and_remedy(
    lab: Lab, content: bytes, said: list[str]
) -> None:
    (lab.data / "bad.csv").write_bytes(content)

    with pytest.raises(DataError) as caught:
        lab.run("extract.csv", {"path": "bad.csv"}, node_id="read")

    message = str(caught.value)
    assert message.startswith("Node 'read': file 'bad.csv'")
    for part in said:
        assert part in message
    assert not caught.value.retryable


def test_a_value_that_is_not_of_the_given_type_is_named_with_its_line(lab: Lab) -> None:
    (lab.data / "t.csv").write_text("a,b\n1,2024-05-01\n2,soon\n")

    with pytest.raises(DataError, match=r"line 3, column 'b': could not convert string \"soon\""):
        lab.run("extract.csv", {"path": "t.csv", "types": {"b": "DATE"}})


def test_a_type_for_a_column_that_does_not_exist_is_named(lab: Lab) -> None:
    (lab.data / "t.csv").write_text("a,b\n1,2\n")

    with pytest.raises(ConfigError, match="has no column 'amount'") as caught:
        lab.run("extract.csv", {"path": "t.csv", "types": {"amount": "DATE"}})

    assert caught.value.field == "config.types"


def test_a_missing_file_says_where_it_was_looked_for(lab: Lab) -> None:
    with pytest.raises(DataError, match=r"Node 'node': file 'no.csv' does not exist in .*the data"):
        lab.run("extract.csv", {"path": "no.csv"})


def test_a_failed_try_commits_nothing(lab: Lab) -> None:
    (lab.data / "bad.csv").write_text("a,b\n" + MANY + "7\n")

    with pytest.raises(DataError):
        lab.run("extract.csv", {"path": "bad.csv"})

    assert not list(Path(lab.staging).rglob("manifest.json"))
