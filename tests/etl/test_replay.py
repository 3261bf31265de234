"""A quarantine becomes its node's input again, value by value, with the corrections laid over."""

from __future__ import annotations

from typing import Any

import pytest

from etl.dataset import open_dataset
from etl.errors import ConfigError, DataError, NodeCancelled, TransientError
from etl.liveness import request_stop
from etl.module import Loader
from etl.registry import get_module
from etl.replay import check_corrections, replayed_input
from etl.storage import Storage
from tests.etl.conftest import Lab

ROWS = [{"id": n, "amount": text} for n, text in enumerate(["1.5", "two", "3", "four", "5"])]
CAST = {"types": {"amount": "DOUBLE"}, "max_rejected": 10}

# One value of each kind whose text form could lose something, and a missing one of each.
ODD = """
SELECT * FROM (VALUES
 ('x', 0.1::DOUBLE, 'nan'::DOUBLE, 12.50::DECIMAL(10,2), TIMESTAMP '2026-01-02 03:04:05.678901',
  TIMESTAMPTZ '2026-07-01 12:00:00+02', DATE '0044-03-15', '\\x00\\xFFa'::BLOB, true,
  [1, NULL, 3], {'k': 'it''s "so", {odd}', 'n': 7}, 17014118346046923173168730371588410572::HUGEINT,
  E'line\nbreak, "quote" \\ back', ''),
 ('y', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
) AS t(bad, f, nan, d, ts, tz, day, b, yes, list, struct, huge, "a.""odd"" name", empty)
"""


def reject(lab: Lab, rows: Any = ROWS, config: dict[str, Any] = CAST) -> str:
    result = lab.run("transform.cast", config, rows, node_id="cast")
    assert result["rejected"] is not None
    return result["rejected"]["uri"]


def replayed(lab: Lab, uri: str, **corrections: dict[str, str | None]) -> list[dict[str, Any]]:
    fixes = {index.removeprefix("row"): values for index, values in corrections.items()}
    result = replayed_input(uri, fixes, lab.context("cast", 7))
    return lab.records({"uri": result["uri"]})  # type: ignore[typeddict-item]


def test_rejected_rows_come_back_as_they_were(lab: Lab) -> None:
    assert replayed(lab, reject(lab)) == [ROWS[1], ROWS[3]]


def test_values_of_every_kind_come_back_with_their_type(lab: Lab) -> None:
    source = lab.stage(ODD, "odd")
    config = {"types": {"bad": "INTEGER"}, "max_rejected": 10}
    result = lab.run("transform.cast", config, inputs={"input": source}, node_id="cast")
    back = replayed_input(result["rejected"]["uri"], {}, lab.context("cast", 7))  # type: ignore[index]
    storage = Storage(lab.staging)
    assert (
        open_dataset(storage, back["uri"]).columns
        == open_dataset(storage, str(source["uri"])).columns
    )
    found, were = lab.records({"uri": back["uri"]}), lab.records(source)  # type: ignore[typeddict-item]
    assert repr(found) == repr(were)


def test_a_corrected_value_takes_the_place_of_the_rejected_one(lab: Lab) -> None:
    rows = replayed(lab, reject(lab), row1={"amount": "4", "id": "40"})
    assert rows == [{"id": 1, "amount": "two"}, {"id": 40, "amount": "4"}]


def test_a_value_can_be_corrected_to_none(lab: Lab) -> None:
    assert replayed(lab, reject(lab), row0={"amount": None})[0] == {"id": 1, "amount": None}


def test_corrected_rows_keep_their_order(lab: Lab) -> None:
    uri = reject(
        lab, [{"id": n, "amount": "x"} for n in range(3000)], CAST | {"max_rejected": "100%"}
    )
    rows = replayed(lab, uri, row2999={"amount": "9"}, row7={"amount": "7"})
    assert [row["id"] for row in rows] == list(range(3000))
    assert (rows[7]["amount"], rows[2999]["amount"], rows[8]["amount"]) == ("7", "9", "x")


def test_a_replayed_node_takes_its_rows_like_any_input(lab: Lab) -> None:
    back = replayed_input(reject(lab), {"0": {"amount": "2"}}, lab.context("cast", 2))
    result = lab.run("transform.cast", CAST, inputs={"input": back}, node_id="cast", attempt=2)  # type: ignore[dict-item]
    assert result["metrics"]["rows_in"] == 2
    assert lab.records(result) == [{"id": 1, "amount": 2.0}]
    # What is rejected again can be corrected and replayed again.
    assert replayed(lab, result["rejected"]["uri"]) == [ROWS[3]]  # type: ignore[index]


def test_a_replay_in_a_remote_staging_works_the_same(lab: Lab) -> None:
    remote = lab.at("memory://replays/staging")
    uri = reject(remote)
    back = replayed_input(uri, {"0": {"amount": "2"}}, remote.context("cast", 2))
    assert open_dataset(Storage(remote.staging), back["uri"]).sample[0] == {"id": 1, "amount": "2"}


def test_rows_that_are_gone_fail_the_node_by_name(lab: Lab) -> None:
    uri = reject(lab)
    Storage(lab.staging).remove("run-1")
    with pytest.raises(TransientError, match=r"^Node 'cast': the staged data at .* is not there"):
        replayed(lab, uri)


def test_data_that_is_no_quarantine_is_not_replayed(lab: Lab) -> None:
    uri = lab.stage(ROWS)["uri"]
    with pytest.raises(ConfigError, match=r"^Node 'cast': the rows at .* cannot be replayed"):
        replayed(lab, str(uri))


def test_a_value_that_does_not_fit_its_column_fails_the_node(lab: Lab) -> None:
    with pytest.raises(DataError, match=r"^Node 'cast': its rejected rows cannot be made rows"):
        replayed(lab, reject(lab), row0={"id": "none"})


def test_a_cancelled_replay_stages_nothing(lab: Lab) -> None:
    uri = reject(lab)
    request_stop(lab.staging, "run-1", None)
    with pytest.raises(NodeCancelled):
        replayed(lab, uri)


def test_corrections_are_read_with_the_columns_names_and_as_texts(lab: Lab) -> None:
    quarantine = open_dataset(Storage(lab.staging), reject(lab))
    raw = {"00": {"AMOUNT": 2.5, "id": 7}, 1: {"amount": None}}
    assert check_corrections(quarantine, raw) == (
        {"0": {"amount": "2.5", "id": "7"}, "1": {"amount": None}},
        [],
    )


@pytest.mark.parametrize(
    ("raw", "field", "said"),
    [
        ([], "records", "Write them like"),
        ({"2": {"amount": "1"}}, "records.2", "there is no row 2; they are counted from 0 to 1"),
        ({"x": {"amount": "1"}}, "records.x", "there is no row x"),
        ({"0": "1"}, "records.0", "Name columns"),
        ({"0": {"total": "1"}}, "records.0.total", "which has: id, amount"),
        ({"0": {"id": "x"}}, "records.0.id", "'x' is no BIGINT"),
        ({"0": {"id": [1]}}, "records.0.id", "as a text, number"),
        ({"9" * 5000: {"amount": "1"}}, "records." + "9" * 5000, "there is no row 999"),
        ({"0": {"amount": "a\0"}}, "records.0.amount", "Leave out the character U+0000"),
        ({"0": {"amount": "\ud800"}}, "records.0.amount", "half a pair"),
        ({str(n): {} for n in range(1001)}, "records", "1001 rows are corrected, and 1000 can be"),
    ],
)
def test_a_wrong_correction_is_refused_by_name(
    lab: Lab, raw: object, field: str, said: str
) -> None:
    _, problems = check_corrections(open_dataset(Storage(lab.staging), reject(lab)), raw)
    assert [problem.field for problem in problems] == [field]
    assert said in problems[0].message


@pytest.mark.parametrize(
    ("module", "config", "adds"),
    [
        ("load.postgres", {}, True),
        ("load.postgres", {"mode": "upsert"}, True),
        ("load.postgres", {"mode": "replace"}, False),
        ("load.postgres", {"mode": "{{ params.mode }}"}, False),
        ("load.csv", {}, False),
    ],
)
def test_a_loader_says_whether_it_leaves_what_is_in_its_target(
    module: str, config: dict[str, Any], adds: bool
) -> None:
    loader = get_module(module)
    assert issubclass(loader, Loader)
    assert loader.adds(config) is adds
