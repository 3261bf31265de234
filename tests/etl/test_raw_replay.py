"""Raw records that an extractor has rejected are read again, in place of its source."""

from __future__ import annotations

from typing import Any

import pytest

from etl.dataset import open_dataset
from etl.errors import ConfigError
from etl.quarantine import TooManyRejectedError
from etl.raw_records import RAW
from etl.replay import check_corrections, replayed_input
from etl.results import NodeResult
from etl.storage import Storage
from tests.etl.conftest import Lab

pytestmark = pytest.mark.slow

CSV = {"path": "*.csv", "types": {"id": "BIGINT"}, "max_rejected": 100}
JSONL = {"path": "*.jsonl", "types": {"id": "BIGINT"}, "max_rejected": 100}


def replay(
    lab: Lab,
    first: NodeResult,
    module: str,
    config: dict[str, Any],
    fixes: dict[int, str] | None = None,
    attempt: int = 2,
) -> NodeResult:
    """Run the node again on what it has rejected, after its source is gone."""
    for file in lab.data.iterdir():
        file.unlink()
    assert first["rejected"] is not None
    corrections = {str(index): {"record": text} for index, text in (fixes or {}).items()}
    context = lab.context(attempt=attempt)
    rows = replayed_input(first["rejected"]["uri"], corrections, context, raw=True)
    return lab.run(module, config, inputs={RAW: rows}, attempt=attempt)  # type: ignore[dict-item]


def faults(lab: Lab, result: NodeResult) -> list[tuple[Any, ...]]:
    return [(row["file"], row["line"], row["record"]) for row in lab.rejected(result)]


def test_corrected_lines_of_csv_files_get_the_columns_that_their_file_had(lab: Lab) -> None:
    (lab.data / "1.csv").write_text("id,day,n\n1,31.01.2024,1\nx,01.02.2024,2\n2,3\n")
    (lab.data / "2.csv").write_text('n,id,more\n1,5,a\n7,"6\nq",b\n8,y,c\n')
    config = {**CSV, "file_column": "file"}
    first = lab.run("extract.csv", config)
    assert len(faults(lab, first)) == 4

    again = replay(lab, first, "extract.csv", config, {0: "3,01.02.2024,2", 3: '8,9,"c\r\nd"'})

    assert again["schema"] == first["schema"]
    assert [(row["id"], str(row["day"]), row["n"], row["more"], row["file"])
            for row in lab.records(again)] == [
        (3, "2024-02-01", 2, None, "1.csv"), (9, "None", 8, "c\r\nd", "2.csv")
    ]  # fmt: skip
    assert faults(lab, again) == [("1.csv", 4, "2,3"), ("2.csv", 3, '7,"6\nq",b')]
    assert (again["metrics"]["rows_in"], again["metrics"]["rows_added"]) == (4, 0)


def test_lines_that_are_rejected_again_are_replayed_from_there(lab: Lab) -> None:
    (lab.data / "t.csv").write_text("id;v\n1;a\nx;b\ny;c\nz;d\n")
    config = {**CSV, "delimiter": ";"}
    first = lab.run("extract.csv", config)
    second = replay(lab, first, "extract.csv", config, {1: "2;c"})
    assert faults(lab, second) == [("t.csv", 3, "x;b"), ("t.csv", 5, "z;d")]

    third = replay(lab, second, "extract.csv", config, {0: "3;b", 1: "4;d"}, attempt=3)

    assert lab.records(third) == [{"id": 3, "v": "b"}, {"id": 4, "v": "d"}]


def test_lines_go_through_the_node_as_it_has_been_put_right(lab: Lab) -> None:
    (lab.data / "t.csv").write_text("1,a\nx,b\n3,NA\n")
    config = {**CSV, "header": False, "columns": ["id", "v"]}
    first = lab.run("extract.csv", config)

    fixed = {**config, "columns": ["key", "v"], "types": {"key": "VARCHAR"}, "max_rejected": 0}
    again = replay(lab, first, "extract.csv", fixed)

    assert lab.records(again) == [{"key": "x", "v": "b"}]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('3,"a', "a quoted value does not end"),
        ('3, "a', "a quoted value does not end"),
        ("3,a\n4,b", "there are 2 records in place of one"),
        ("", "the record is empty"),
        ("3,a,b", "the row has 3 values instead of 2"),
        ("x,a", 'could not convert string "x"'),
    ],
)
def test_a_correction_that_is_no_record_harms_no_other(lab: Lab, text: str, reason: str) -> None:
    (lab.data / "t.csv").write_text("id,v\n1,a\nx,b\ny,c\nz,d\n")
    first = lab.run("extract.csv", CSV)

    again = replay(lab, first, "extract.csv", CSV, {0: "2,b", 1: text, 2: "4,d"})

    assert lab.records(again) == [{"id": 2, "v": "b"}, {"id": 4, "v": "d"}]
    [row] = lab.rejected(again)
    assert (row["file"], row["line"], row["record"]) == ("t.csv", 4, text)
    assert row["reason"].startswith(reason)


def test_a_record_that_was_not_kept_as_it_is_needs_a_correction(lab: Lab) -> None:
    text = "x" * 10_100
    content = f"id,v\n1,a\n2,\udce9\ny,?\udce9z\n4,{text},z\n5,{text},z\n".encode(
        errors="surrogateescape"
    )
    (lab.data / "t.csv").write_bytes(content)
    first = lab.run("extract.csv", CSV)
    assert [row["line"] for row in lab.rejected(first)] == [3, 4, 5, 6]
    # The value that is no number comes first in its line, and what is lost counts more.
    assert lab.rejected(first)[1]["reason"] == "the bytes do not fit the encoding"

    again = replay(lab, first, "extract.csv", {**CSV, "types": {"id": "VARCHAR"}},
                   {0: "2,é", 2: f"4,{text}"})  # fmt: skip

    assert lab.records(again) == [{"id": "2", "v": "é"}, {"id": "4", "v": text}]
    assert [row["reason"] for row in lab.rejected(again)] == [
        "the bytes do not fit the encoding",
        "only the first 10,000 bytes of the record were kept",
    ]


def test_a_file_of_one_column_takes_an_empty_line_for_a_value(lab: Lab) -> None:
    (lab.data / "t.csv").write_text("id\n1\nx\n\ny\n")
    first = lab.run("extract.csv", CSV)
    assert lab.records(replay(lab, first, "extract.csv", CSV, {0: "", 1: "2"})) == [
        {"id": None}, {"id": 2}
    ]  # fmt: skip


def test_what_is_faulty_again_counts_towards_the_limit(lab: Lab) -> None:
    (lab.data / "t.csv").write_text("id,v\n1,a\nx,b\ny,c\n")
    first = lab.run("extract.csv", CSV)
    with pytest.raises(TooManyRejectedError, match="1 of 2 rows are faulty, and none is accepted"):
        replay(lab, first, "extract.csv", {**CSV, "max_rejected": 0}, {0: "2,b"})


def test_corrected_lines_of_json_lines_are_read_again(lab: Lab) -> None:
    lines = [
        b'{"id":1,"v":{"a":1}}',
        b'{"id":"x","v":1}',
        b'{"id":2,"v":"\xe9"}',
        b"{",
        b'{"id":[]}',
    ]
    (lab.data / "t.jsonl").write_bytes(b"\n".join(lines))
    config = {**JSONL, "file_column": "file"}
    first = lab.run("extract.jsonl", config)
    deep = '{"id":8,"v":' + "[" * 300_000 + "]" * 300_000 + "}"

    again = replay(lab, first, "extract.jsonl", config, {0: '{"id": 7,\n "new": 1}', 3: deep})

    assert again["schema"] == first["schema"]
    assert lab.records(again) == [{"id": 7, "v": None, "file": "t.jsonl"}]
    assert faults(lab, again) == [
        ("t.jsonl", 3, r'{"id":2,"v":"\xe9"}'), ("t.jsonl", 4, "{"), ("t.jsonl", 5, deep)
    ]  # fmt: skip
    fixed = {**config, "types": {"id": "JSON", "new": "BIGINT"}}
    third = replay(lab, first, "extract.jsonl", fixed, {2: '{"new": 5}'}, attempt=3)
    assert [(row["id"], row["new"]) for row in lab.records(third)] == [
        ('"x"', None), (None, 5), ("[]", None)
    ]  # fmt: skip


def test_records_are_not_given_to_a_node_that_cannot_read_them(lab: Lab) -> None:
    (lab.data / "t.csv").write_text("id,v\n1,a\nx,b\n")
    first = lab.run("extract.csv", CSV)
    with pytest.raises(ConfigError, match="it cannot read rejected records again"):
        replay(lab, first, "extract.parquet", {"path": "t.parquet"})
    with pytest.raises(ConfigError, match="what columns they had was not kept"):
        replayed_input(str((first["rejected"] or {})["uri"]), {}, lab.context(attempt=2))


def test_a_raw_record_is_corrected_as_a_whole(lab: Lab) -> None:
    (lab.data / "t.csv").write_text("id,v\n1,a\nx,b\n")
    first = lab.run("extract.csv", CSV)
    quarantine = open_dataset(Storage(lab.staging), str((first["rejected"] or {})["uri"]))
    assert check_corrections(quarantine, {"0": {"Record": "2,b"}}) == ({"0": {"record": "2,b"}}, [])
    for raw in ({"0": "2,b"}, {"0": {"id": 2}}, {"0": {"record": None}}, [1]):
        _, [problem] = check_corrections(quarantine, raw)
        assert "record" in problem.message


def test_records_in_a_remote_staging_are_read_again_too(lab: Lab) -> None:
    (lab.data / "t.csv").write_text("id,v\n1,a\nx,b\n")
    remote = lab.at("memory://raw/staging")
    first = remote.run("extract.csv", CSV)
    again = replay(remote, first, "extract.csv", CSV, {0: "2,b"})
    assert again["data"] == [{"id": 2, "v": "b"}]
