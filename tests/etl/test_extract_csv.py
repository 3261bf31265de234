"""extract.csv: what it reads, and what it says of files that it cannot."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from etl.errors import ConfigError, DataError
from etl.modules.extract_csv import ExtractCSV
from etl.runner import configured
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


def test_many_files_are_read_in_the_order_of_their_names(lab: Lab) -> None:
    for name, content in {
        "days/b.csv": "id,x\n3,1.5\n",
        "days/a.csv": "id,x\n1,1\n2,\n",
        "days/more/c.csv": "y,id\nhello,4\n",
        "days/.hidden.csv": "id,x\n9,9\n",
        "other.csv": "id\n8\n",
    }.items():
        (lab.data / name).parent.mkdir(parents=True, exist_ok=True)
        (lab.data / name).write_text(content)

    result = lab.run("extract.csv", {"path": "days/**/*.csv", "file_column": "source"})

    assert lab.records(result) == [
        {"id": 1, "x": 1.0, "source": "days/a.csv", "y": None},
        {"id": 2, "x": None, "source": "days/a.csv", "y": None},
        {"id": 3, "x": 1.5, "source": "days/b.csv", "y": None},
        {"id": 4, "x": None, "source": "days/more/c.csv", "y": "hello"},
    ]


def test_files_whose_columns_differ_name_both(lab: Lab) -> None:
    (lab.data / "1.csv").write_text("id,amount\n1,2.5\n")
    (lab.data / "2.csv").write_text("id,amount\n2,\n")
    (lab.data / "3.csv").write_text("id,amount\n3,much\n")

    with pytest.raises(ConfigError) as caught:
        lab.run("extract.csv", {"path": "?.csv"})

    assert str(caught.value) == (
        "Node 'node': column 'amount' is DOUBLE in '1.csv', but VARCHAR in '3.csv'. Give its type "
        "under types, or read such files apart."
    )
    read = lab.run("extract.csv", {"path": "?.csv", "types": {"amount": "VARCHAR"}})
    assert [row["amount"] for row in lab.records(read)] == ["2.5", None, "much"]


def test_a_column_without_values_in_one_file_has_the_type_of_the_others(lab: Lab) -> None:
    (lab.data / "1.csv").write_text("id,day\n1,\n")
    (lab.data / "2.csv").write_text("id,day\n2,05/13/2024\n")
    (lab.data / "3.csv").write_text("id,day\n3,2024-05-14\n")

    result = lab.run("extract.csv", {"path": "[123].csv"})

    assert [str(row["day"]) for row in lab.records(result)] == ["None", "2024-05-13", "2024-05-14"]


def test_a_pattern_that_no_file_fits_is_named(lab: Lab) -> None:
    with pytest.raises(ConfigError, match=r"no file in .*the data fits 'x/\*\.csv'"):
        lab.run("extract.csv", {"path": "x/*.csv"})


def test_a_pattern_does_not_lead_out_of_the_data_folder(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    (lab.data / "link.csv").symlink_to(tmp_path / "secret.csv")

    with pytest.raises(ConfigError, match="through a link"):
        lab.run("extract.csv", {"path": "*.csv"})


def test_a_file_without_a_header_gets_names(lab: Lab) -> None:
    (lab.data / "t.csv").write_text("1,x\n2,y\n")

    named = lab.run("extract.csv", {"path": "t.csv", "header": False, "columns": ["id", "text"]})
    unnamed = lab.run("extract.csv", {"path": "t.csv", "header": False}, node_id="other")

    assert lab.records(named) == [{"id": 1, "text": "x"}, {"id": 2, "text": "y"}]
    assert unnamed["columns"] == ["column0", "column1"]


def test_names_beside_a_header_are_refused(lab: Lab) -> None:
    with pytest.raises(ConfigError, match="columns is for files without a header line"):
        lab.run("extract.csv", {"path": "t.csv", "columns": ["id"]})


def test_column_names_that_come_twice_or_not_at_all_are_told_apart(lab: Lab) -> None:
    (lab.data / "t.csv").write_text("a,,A\n1,2,3\n")

    assert lab.run("extract.csv", {"path": "t.csv"})["columns"] == ["a", "column1", "A_1"]


COMPRESSED = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
COMPRESSED["zst"] = lambda data: pa.compress(data, codec="zstd", asbytes=True)


@pytest.mark.parametrize("ending", COMPRESSED)
def test_the_end_of_the_name_tells_the_compression(lab: Lab, ending: str) -> None:
    (lab.data / f"t.csv.{ending}").write_bytes(COMPRESSED[ending](b'a,b\n1,"x\ny"\nz,w\n'))
    config = {"path": f"t.csv.{ending}", "types": {"a": "INT"}, "max_rejected": 1}

    result = lab.run("extract.csv", config)

    assert lab.records(result) == [{"a": 1, "b": "x\ny"}]
    assert result["rejected"]
    assert result["rejected"]["data"][0]["file"] == f"t.csv.{ending}"
    assert not list(Path(lab.staging).rglob(".scratch"))


@pytest.mark.parametrize("ending", COMPRESSED)
def test_a_compressed_file_that_breaks_off_is_named(lab: Lab, ending: str) -> None:
    whole = COMPRESSED[ending](random.Random(1).randbytes(1000) + b"\n")
    (lab.data / f"t.csv.{ending}").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(DataError, match=rf"file 't\.csv\.{ending}' is no whole"):
        lab.run("extract.csv", {"path": f"t.csv.{ending}"})


def test_other_encodings_are_read_and_checked(lab: Lab) -> None:
    (lab.data / "t.csv").write_bytes("a,b\n€,1\n".encode("windows-1252"))
    (lab.data / "u.csv").write_bytes("a,b\nx,1\n".encode("utf-16")[:-1])

    result = lab.run("extract.csv", {"path": "t.csv", "encoding": "windows-1252"})

    assert lab.records(result) == [{"a": "€", "b": 1}]
    with pytest.raises(DataError, match=r"file 'u\.csv' is not in utf-16"):
        lab.run("extract.csv", {"path": "u.csv", "encoding": "utf-16"})


def test_a_peek_tells_the_columns_of_the_output(lab: Lab) -> None:
    (lab.data / "1.csv").write_text('id,x,when\n1,1,2024-05-01\n2,"a\nb",2024-05-01\n')
    with bz2.open(lab.data / "2.csv.bz2", "wt") as stream:
        stream.write("id,y\n" + "1,2.5\n" * 2_000_000)
    config = {"path": "*.csv*", "file_column": "file", "types": {"id": "HUGEINT"}}
    module = configured(ExtractCSV, config)
    assert isinstance(module, ExtractCSV)

    columns = module.peek(lab.context())

    assert columns is not None
    assert [(column.name, column.type) for column in columns] == [
        ("id", "DECIMAL(38,0)"),
        ("x", "VARCHAR"),
        ("when", "DATE"),
        ("file", "VARCHAR"),
        ("y", "DOUBLE"),
    ]
    assert lab.run("extract.csv", config)["schema"] == {c.name: c.type for c in columns}


@pytest.mark.parametrize("content", [b"", b"\n", b"\x1f\x8b"])
def test_a_peek_at_a_file_that_cannot_be_read_raises_an_error_of_ours(
    lab: Lab, content: bytes
) -> None:
    (lab.data / "t.csv.gz").write_bytes(content)

    with pytest.raises(DataError):
        configured(ExtractCSV, {"path": "t.csv.gz"}).peek(lab.context())  # type: ignore[attr-defined]
