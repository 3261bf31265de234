"""extract.json and extract.jsonl: records, and what becomes of lines that are none."""

from __future__ import annotations

import bz2
import gzip
import json
import random
from typing import Any

import pytest

from etl.errors import ConfigError, DataError
from etl.json_depth import Nesting, is_too_deep
from etl.modules.extract_json import ExtractJSON
from etl.modules.extract_jsonl import ExtractJSONL
from etl.runner import configured
from tests.etl.conftest import Lab

pytestmark = pytest.mark.slow

RECORDS = [
    {"id": 1, "when": "2024-05-01", "tags": ["a", "b"], "by": {"name": "Ann"}},
    {"id": 2, "when": None, "price": 2.5, 'odd/na~me"': True},
]
READ = [
    {
        "id": 1,
        "when": "2024-05-01",
        "tags": '["a","b"]',
        "by": '{"name":"Ann"}',
        "price": None,
        'odd/na~me"': None,
    },
    {"id": 2, "when": "None", "tags": None, "by": None, "price": 2.5, 'odd/na~me"': True},
]


def shown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "when": str(row["when"])} for row in rows]


@pytest.mark.parametrize(
    ("config", "document"),
    [
        ({}, RECORDS),
        ({"records": "data.items"}, {"data": {"items": RECORDS}, "count": 2}),
        ({"records": "$.data.items"}, {"data": {"items": RECORDS}}),
    ],
)
def test_records_are_read_and_nested_values_are_json(
    lab: Lab, config: dict[str, Any], document: object
) -> None:
    (lab.data / "t.json").write_text(json.dumps(document, indent=1))

    result = lab.run("extract.json", {"path": "t.json", **config})

    assert shown(lab.records(result)) == READ
    assert result["schema"]["by"] == "JSON"


def test_one_object_is_one_record(lab: Lab) -> None:
    (lab.data / "t.json").write_text('{"a": 1, "b": "x\\ny"}')

    assert lab.records(lab.run("extract.json", {"path": "t.json"})) == [{"a": 1, "b": "x\ny"}]


@pytest.mark.parametrize(
    ("content", "config", "said"),
    [
        ('{"a": [1]}', {"records": "b"}, "has nothing at 'b'"),
        ('{"a": 5}', {"records": "a"}, "a value of type UBIGINT at 'a'"),
        ("[]", {}, "has no records"),
        ('[{"a": 1}, 5]', {}, "has no records|record 2"),
        ('[{"a": 1}, {"a": 2}', {}, "file 't.json', record"),
        ("junk", {}, "file 't.json'"),
        ("", {}, "is empty"),
        ('[{"a": "x"}]', {"types": {"a": "BIGINT"}}, "file 't.json', record 1: .*x"),
    ],
)
def test_a_file_without_records_is_named(
    lab: Lab, content: str, config: dict[str, Any], said: str
) -> None:
    (lab.data / "t.json").write_text(content)

    with pytest.raises(DataError, match=said):
        lab.run("extract.json", {"path": "t.json", **config})


def test_a_type_of_no_column_is_named(lab: Lab) -> None:
    (lab.data / "t.json").write_text('[{"a": 1}]')

    with pytest.raises(ConfigError, match="has no value 'b', for which a type is given"):
        lab.run("extract.json", {"path": "t.json", "types": {"b": "BIGINT"}})


@pytest.mark.parametrize("max_rejected", [0, 1])
def test_lines_are_read_with_and_without_a_quarantine(lab: Lab, max_rejected: int) -> None:
    (lab.data / "1.jsonl").write_text(json.dumps(RECORDS[0]) + "\n\n")
    with bz2.open(lab.data / "2.jsonl.bz2", "wt") as stream:
        stream.write(json.dumps(RECORDS[1]))
    config = {"path": "*.jsonl*", "file_column": "file", "max_rejected": max_rejected}

    rows = lab.records(lab.run("extract.jsonl", config))

    assert [row.pop("file") for row in rows] == ["1.jsonl", "2.jsonl.bz2"]
    assert shown(rows) == READ


def test_lines_that_are_no_records_are_set_aside(lab: Lab) -> None:
    (lab.data / "t.jsonl").write_text('{"a":1}\n{"a":\n\n[1]\n{"a":"x"}\n{"a":null}\nnull\n')
    config = {"path": "t.jsonl", "types": {"a": "BIGINT"}, "max_rejected": 4}

    result = lab.run("extract.jsonl", config)

    assert lab.records(result) == [{"a": 1}, {"a": None}]
    assert [tuple(row.values()) for row in lab.rejected(result)] == [
        ("the line is no JSON", None, "t.jsonl", 2, '{"a":'),
        ("the line is no JSON object", None, "t.jsonl", 4, "[1]"),
        ("'x' is no BIGINT", "a", "t.jsonl", 5, '{"a":"x"}'),
        ("the line is no JSON object", None, "t.jsonl", 7, "null"),
    ]


ODD = [
    (b'{"a":"caf\xe9"}', "the line is not UTF-8", r'{"a":"caf\xe9"}'),
    (b'{"a":"\0"}', "the line holds a NUL character", r'{"a":"\x00"}'),
    (b'{"a":%s1%s}' % (b"[" * 300_000, b"]" * 300_000), "the line is nested more than 1000", None),
]


@pytest.mark.parametrize(("line", "reason", "shown"), ODD)
def test_lines_that_no_reader_of_json_takes_are_set_aside(
    lab: Lab, line: bytes, reason: str, shown: str | None
) -> None:
    with gzip.open(lab.data / "1.jsonl.gz", "wb") as stream:
        stream.write(b'{"a":1}\n\n' + line + b'\r\n{"a":2}\n' + line)
    (lab.data / "2.jsonl").write_bytes(b'{"a":[3]}\n[4]\n')
    config = {"path": "*.jsonl*", "file_column": "file", "max_rejected": 3}

    result = lab.run("extract.jsonl", config)

    assert [(row["a"], row["file"]) for row in lab.records(result)] == [
        ("1", "1.jsonl.gz"), ("2", "1.jsonl.gz"), ("[3]", "2.jsonl")
    ]  # fmt: skip
    rows = lab.rejected(result)
    assert [(row["file"], row["line"]) for row in rows] == [
        ("1.jsonl.gz", 3), ("1.jsonl.gz", 5), ("2.jsonl", 2)
    ]  # fmt: skip
    assert rows[0]["reason"].startswith(reason)
    assert [row["record"] for row in rows[:2]] == [shown or line.decode()] * 2


@pytest.mark.parametrize(("line", "reason"), [odd[:2] for odd in ODD])
def test_without_a_quarantine_such_a_line_fails_with_what_to_do(
    lab: Lab, line: bytes, reason: str
) -> None:
    (lab.data / "t.jsonl").write_bytes(b'{"a":1}\n' + line)
    said = rf"file 't\.jsonl', line 2: {reason}.* aside with max_rejected"

    with pytest.raises(DataError, match=said):
        lab.run("extract.jsonl", {"path": "t.jsonl"})
    with pytest.raises(DataError, match=said):
        configured(ExtractJSONL, {"path": "t.jsonl"}).peek(lab.context())  # type: ignore[attr-defined]


def test_odd_lines_are_told_from_others_wherever_blocks_end(lab: Lab) -> None:
    chance = random.Random(1)
    odd = 0
    with (lab.data / "t.jsonl").open("wb") as stream:
        for number in range(60_000):
            if chance.random() < 0.001:
                odd += 1
                stream.write(b'{"id": "\xe9' + b"\0" * chance.randint(0, 200) + b'"}\n')
            else:
                # Many brackets in a line, but none of them deep, or all within a text.
                text = "[{" * chance.choice([0, 1, 3000 if number % 100 == 0 else 2])
                more = [[]] * chance.randint(0, 100)
                stream.write(
                    json.dumps({"id": number, "é": f'\\"{text}', "l": more}).encode() + b"\n"
                )

    result = lab.run("extract.jsonl", {"path": "t.jsonl", "max_rejected": odd})

    assert (result["metrics"]["rows_out"], result["metrics"]["rows_rejected"]) == (
        60_000 - odd,
        odd,
    )


def test_a_line_that_is_too_long_fails_by_its_number(lab: Lab) -> None:
    (lab.data / "t.jsonl").write_bytes(b'{"a":1}\n{"a":"' + b"x" * 21_000_000 + b'"}')

    with pytest.raises(DataError, match=r"file 't\.jsonl', line 2: the line is longer than 16 MB"):
        lab.run("extract.jsonl", {"path": "t.jsonl", "max_rejected": 1})


@pytest.mark.parametrize("line", ['{"a":', "[1]"])
def test_without_a_quarantine_a_faulty_line_fails(lab: Lab, line: str) -> None:
    (lab.data / "t.jsonl").write_text(f'{{"a":1}}\n{line}\n')

    with pytest.raises(DataError, match=r"file 't\.jsonl'"):
        lab.run("extract.jsonl", {"path": "t.jsonl"})


def test_no_line_is_lost_over_several_buffers(lab: Lab) -> None:
    chance = random.Random(1)
    good, bad = 0, 0
    with (lab.data / "t.jsonl").open("w") as stream:
        for number in range(400_000):
            if chance.random() < 0.1:
                bad += 1
                stream.write('{"id": oops, "text": "\n')
            else:
                good += 1
                text = 'x, "y"\n' * chance.randint(1, 5)
                stream.write(json.dumps({"id": number, "text": text}) + "\n")

    result = lab.run("extract.jsonl", {"path": "t.jsonl", "max_rejected": "50%"})

    assert (result["metrics"]["rows_out"], result["metrics"]["rows_rejected"]) == (good, bad)


@pytest.mark.parametrize("module", [ExtractJSON, ExtractJSONL])
def test_a_peek_tells_the_columns_of_small_files_only(lab: Lab, module: Any) -> None:
    lines = module is ExtractJSONL
    (lab.data / "s").write_text('{"a":1,"b":{}}\n' if lines else '[{"a":1,"b":{}}]')
    (lab.data / "l").write_text(('{"a":1}\n' if lines else '[{"a":1}]' + " " * 8) * 600_000)

    small = configured(module, {"path": "s"}).peek(lab.context())  # type: ignore[attr-defined]

    assert [(column.name, column.type) for column in small] == [("a", "BIGINT"), ("b", "JSON")]
    assert configured(module, {"path": "l"}).peek(lab.context()) is None  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["deep.json", "deep.json.gz"])
def test_a_document_that_is_nested_too_deep_is_named(lab: Lab, name: str) -> None:
    text = b'[{"a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}]"
    (lab.data / name).write_bytes(gzip.compress(text) if name.endswith("gz") else text)

    with pytest.raises(DataError, match=f"'{name}' is nested more than 1000 levels deep"):
        lab.run("extract.json", {"path": name})


@pytest.mark.parametrize(
    ("text", "deep"),
    [
        (b"[" * 1000 + b"]" * 1000, False),
        (b"[" * 1001 + b"]" * 1001, True),
        (b'["' + b"[" * 2000 + b'"]', False),
        (b'["\\"' + b"[" * 2000 + b'"]', False),
        (b'["\\\\"' + b"[" * 1000, True),
        (b'["' + b"]" * 2000 + b'"' + b"[" * 1000, True),
        (b'[{"a": "x"}, ' * 3 + b'{"b": "]"}, ' * 2000, False),
    ],
)
def test_depth_is_told_with_strings_left_out_in_pieces_of_any_size(text: bytes, deep: bool) -> None:
    assert is_too_deep(text) == deep
    for size in (1, 2, 3, 7):
        nesting = Nesting()
        pieces = (text[n : n + size] for n in range(0, len(text), size))
        assert any(nesting.too_deep(piece) for piece in pieces) == deep
