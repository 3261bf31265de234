"""extract.csv: rows that do not fit are set aside, and none gets lost or made up on the way."""

from __future__ import annotations

import gzip
import random
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from etl.errors import DataError
from etl.quarantine import TooManyRejectedError
from etl.runner import NodeResult
from tests.etl.conftest import Lab

pytestmark = pytest.mark.slow

TYPES = {"id": "BIGINT", "text": "VARCHAR", "n": "BIGINT"}
FAULTS = {
    "cast": '{id},"x",zz',
    "cast over two lines": '{id},"x\ny",zz',
    "too few": "{id},x",
    "too many": "{id},x,1,2",
    "too many over two lines": '{id},"x\ny",1,2',
    "encoding": "{id},\udcff\udcfe,1",
    "after the quote": '{id},"a"b,1',
    "two faults": "a{id},x,zz",
    "three faults": "a{id},x,zz,4",
}


def rejected(result: NodeResult) -> list[dict[str, Any]]:
    quarantine = result["rejected"]
    assert quarantine is not None
    return pq.read_table(Path(quarantine["uri"]) / "part-0.parquet").to_pylist()


def made_up(seed: int, records: int, faults: list[str], share: float, quoted: float) -> Any:
    """Return (content, ids of good rows, faulty records) of a CSV file."""
    chance = random.Random(seed)
    lines, good, bad = ["id,text,n"], [], []
    for number in range(records):
        if chance.random() < share:
            line = FAULTS[chance.choice(faults)].format(id=number)
            bad.append(line)
        elif chance.random() < quoted:
            # Within the quotes stands what looks like rows.
            line = f'{number},"{"l," * chance.randint(0, 20)}\n1,2,3\n""q""",{number}'
            good.append(number)
        else:
            line = f"{number},{'plain ' * chance.randint(1, 6)},{number}"
            good.append(number)
        lines.append(line)
    return ("\n".join(lines) + "\n").encode(errors="surrogateescape"), good, bad


@pytest.mark.parametrize("fault", FAULTS)
def test_every_kind_of_faulty_row_is_set_aside_once(lab: Lab, fault: str) -> None:
    content, good, bad = made_up(1, 300, [fault], 0.3, 0.3)
    (lab.data / "t.csv").write_bytes(content)

    result = lab.run("extract.csv", {"path": "t.csv", "types": TYPES, "max_rejected": "100%"})

    assert [row["id"] for row in lab.records(result)] == good
    rows = rejected(result)
    assert len(rows) == len(bad)
    assert all(row["file"] == "t.csv" and row["reason"] for row in rows)
    if fault != "encoding":
        assert [row["record"] for row in rows] == bad


@pytest.mark.parametrize(
    ("share", "quoted"), [(0.0, 0.9), (0.05, 0.9), (0.3, 0.0), (0.3, 0.5), (0.001, 0.01)]
)
@pytest.mark.parametrize("seed", [1, 2])
def test_no_row_is_lost_or_made_up_over_several_buffers(
    lab: Lab, share: float, quoted: float, seed: int
) -> None:
    # About 20 MB: DuckDB reads 8 MB at once, and its parallel reader fails on most of these.
    content, good, bad = made_up(seed, 350_000, list(FAULTS), share, quoted)
    (lab.data / "t.csv").write_bytes(content)

    result = lab.run("extract.csv", {"path": "t.csv", "types": TYPES, "max_rejected": "100%"})

    assert result["metrics"]["rows_rejected"] == len(bad)
    table = pq.read_table(Path(result["uri"] or "") / "part-0.parquet", columns=["id"])
    assert table["id"].to_pylist() == good


def test_a_large_file_with_quoted_line_breaks_is_read_without_a_quarantine_too(lab: Lab) -> None:
    content, good, _ = made_up(9, 300_000, [], 0, 0.9)
    (lab.data / "t.csv").write_bytes(content)

    result = lab.run("extract.csv", {"path": "t.csv", "types": TYPES})

    table = pq.read_table(Path(result["uri"] or "") / "part-0.parquet", columns=["id"])
    assert table["id"].to_pylist() == good


def test_a_rejected_row_tells_file_line_column_and_text(lab: Lab) -> None:
    (lab.data / "t.csv").write_bytes(b'a,b\r\n1,x\r\noops,"p\r\nq"\r\n3\r\n')

    result = lab.run("extract.csv", {"path": "t.csv", "types": {"a": "INT"}, "max_rejected": 2})

    assert rejected(result) == [
        {
            "reason": "could not convert string \"oops\" to 'INTEGER'",
            "field": "a",
            "file": "t.csv",
            "line": 3,
            "record": 'oops,"p\r\nq"',
        },
        {
            "reason": "the row has 1 values instead of 2",
            "field": "b",
            "file": "t.csv",
            "line": 4,
            "record": "3",
        },
    ]


@pytest.mark.parametrize("more", [2, 3_000_000])
def test_what_follows_an_unterminated_quote_is_one_rejected_record(lab: Lab, more: int) -> None:
    if more > 1000:
        # More than a value may hold: where the record ends cannot be known.
        (lab.data / "t.csv").write_text('a,b\n1,x\n2,"y\n' + "3,z\n" * more)
        with pytest.raises(DataError, match=r"line 3: a quoted value goes on for more than"):
            lab.run("extract.csv", {"path": "t.csv", "max_rejected": 5})
        return
    (lab.data / "t.csv").write_text('a,b\n1,x\n2,"y\n' + "3,z\n" * more)

    result = lab.run("extract.csv", {"path": "t.csv", "max_rejected": 1})

    assert lab.records(result) == [{"a": 1, "b": "x"}]
    [row] = rejected(result)
    assert (row["line"], row["file"]) == (3, "t.csv")
    assert row["record"] == '2,"y\n3,z\n3,z'
    assert "does not end" in row["reason"]


def test_an_unterminated_quote_is_found_beside_quoted_line_breaks(lab: Lab) -> None:
    (lab.data / "t.csv").write_text('a,b\n1,"x\ny"\n2,5" pipe\n3,"z\n4,w\n')

    with pytest.raises(DataError, match=r"file 't\.csv', line 4: a quoted value does not end"):
        lab.run("extract.csv", {"path": "t.csv"})


def test_a_quote_after_a_space_that_does_not_end_loses_no_row(lab: Lab) -> None:
    (lab.data / "t.csv").write_text('a,b\n1,x\n2, "y"\n3, "y\n4,z\n')

    with pytest.raises(DataError, match=r"file 't\.csv', line 4: a quoted value does not end"):
        lab.run("extract.csv", {"path": "t.csv"})
    result = lab.run("extract.csv", {"path": "t.csv", "max_rejected": 1})

    assert len(lab.records(result)) == 2
    assert [row["record"] for row in rejected(result)] == ['3, "y\n4,z']


@pytest.mark.parametrize("end", ["", ".gz"])
def test_only_lines_whose_bytes_are_lost_are_said_to_be_of_another_encoding(
    lab: Lab, end: str
) -> None:
    # About 25 MB, a third of whose faulty lines have a true question mark, or bytes that are none.
    chance, lines, lost = random.Random(3), [b"a,b"], []
    for number in range(400_000):
        kind = chance.choice(["x,?\u00e9", "x,\udce9?", 'x,"\udce9\n?"', "x,y"])
        faulty = number % 500 == 0
        lines.append(kind.encode(errors="surrogateescape") if faulty else b"1," + b"?" * 60)
        if faulty and "\udce9" in kind:
            lost.append(number + 2)
    content = b"\n".join(lines)
    (lab.data / f"t.csv{end}").write_bytes(gzip.compress(content, 1) if end else content)
    types = {"a": "BIGINT", "b": "VARCHAR"}

    result = lab.run("extract.csv", {"path": f"t.csv{end}", "types": types, "max_rejected": 800})

    rows = rejected(result)
    assert len(rows) == 800
    assert [row["line"] for row in rows if row["reason"].startswith("the bytes")] == lost


def test_too_many_faulty_rows_fail_and_are_kept_to_be_seen(lab: Lab) -> None:
    (lab.data / "t.csv").write_text("a,b\n1,2\nx\ny\n")

    with pytest.raises(TooManyRejectedError, match="2 of 3 rows are faulty") as caught:
        lab.run("extract.csv", {"path": "t.csv", "max_rejected": 1})

    assert caught.value.quarantine
    assert [row["line"] for row in caught.value.quarantine["data"]] == [3, 4]


def test_rejected_rows_of_many_files_name_their_file(lab: Lab) -> None:
    (lab.data / "1.csv").write_text("a,b\n1,2\nx,2\n")
    (lab.data / "2.csv").write_text("b,a\n3,4\n5,y\n")
    (lab.data / "3.csv").write_text('a,b\n5,"6\n')
    types = {"a": "BIGINT", "b": "BIGINT"}

    result = lab.run("extract.csv", {"path": "*.csv", "types": types, "max_rejected": 3})

    assert lab.records(result) == [{"a": 1, "b": 2}, {"a": 4, "b": 3}]
    assert [(row["file"], row["line"], row["record"]) for row in rejected(result)] == [
        ("1.csv", 3, "x,2"),
        ("2.csv", 3, "5,y"),
        ("3.csv", 2, '5,"6'),
    ]


def test_far_more_faulty_rows_than_are_accepted_do_not_fill_the_memory(lab: Lab) -> None:
    (lab.data / "t.csv").write_text("a,b\n1,1\n" + "1,x,y\n" * 300_000)

    with pytest.raises(TooManyRejectedError) as caught:
        lab.run("extract.csv", {"path": "t.csv", "max_rejected": 2})

    assert caught.value.quarantine
    assert 3 <= caught.value.quarantine["rows"] < 100


@pytest.mark.parametrize("limit", [3, 2])
def test_a_row_with_many_faults_counts_once_towards_the_limit(lab: Lab, limit: int) -> None:
    (lab.data / "t.csv").write_text("a,b\n1,1\n" + "x,y,3\n" * 3)
    config = {"path": "t.csv", "types": {"a": "INT", "b": "INT"}, "max_rejected": limit}

    if limit == 2:
        with pytest.raises(TooManyRejectedError):
            lab.run("extract.csv", config)
    else:
        assert lab.run("extract.csv", config)["metrics"]["rows_rejected"] == 3
