"""From a module's output to a committed dataset."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from etl.context import RunContext
from etl.errors import ConfigError, DataError, TransientError
from etl.messages import wording
from etl.module import Output
from tests.etl.conftest import Lab, Rows


def test_the_result_is_small_json_that_describes_the_dataset(lab: Lab) -> None:
    rows = (
        "SELECT range AS n, 'x' || range AS s, 1.5::DECIMAL(4, 2) AS d, NULL AS e FROM range(100)"
    )

    result = lab.run("transform.filter", {"condition": "n >= 10"}, rows)

    assert result["uri"] == f"{lab.staging}/run-1/node/1"
    assert result["columns"] == ["n", "s", "d", "e"]
    assert result["schema"] == {
        "n": "BIGINT",
        "s": "VARCHAR",
        "d": "DECIMAL(4,2)",
        "e": "INTEGER",
    }
    assert result["shape"] == [90, 4]
    assert len(result["data"]) == 20
    assert result["data"][0] == {"n": 10, "s": "x10", "d": "1.50", "e": None}
    metrics = result["metrics"]
    assert (metrics["rows_in"], metrics["rows_out"], metrics["rows_rejected"]) == (100, 90, 0)
    assert metrics["bytes"] == Path(str(result["uri"]), "part-0.parquet").stat().st_size
    assert metrics["seconds"] > 0
    assert metrics["peak_rss_bytes"] > 10_000_000
    assert len(json.dumps(result, allow_nan=False)) < 5000


def test_the_sample_is_json_whatever_the_types_are(lab: Lab) -> None:
    result = lab.stage(
        """SELECT 'NaN'::DOUBLE AS nan, TIMESTAMPTZ '2024-05-01 06:00:00+02' AS z, [1, 2] AS list,
           {'a': 1} AS record, 'ab'::BLOB AS raw, INTERVAL 1 DAY AS span, uuid() AS id,
           repeat('x', 100000) AS long, 'a' || chr(0) AS nul, 1::HUGEINT AS h"""
    )

    (record,) = json.loads(json.dumps(result["data"], allow_nan=False))
    assert record["nan"] == "nan"
    assert record["z"] == "2024-05-01 04:00:00+00"
    assert record["list"] == "[1, 2]"
    assert len(record["long"]) == 500
    assert "\x00" not in record["nul"]
    assert record["h"] == "1"


def test_integers_of_128_bits_keep_their_digits(lab: Lab) -> None:
    result = lab.stage("SELECT sum(n) AS n FROM (SELECT unnest([9007199254740993, 1]) AS n)")

    assert result["schema"] == {"n": "DECIMAL(38,0)"}
    assert result["data"] == [{"n": "9007199254740994"}]


@pytest.mark.parametrize(
    "output",
    [
        pa.table({"a": [1, 2]}),
        pa.table({"a": [1, 2]}).to_reader(),
        pd.DataFrame({"a": [1, 2]}),
        iter(pa.table({"a": [1, 2]}).to_batches()),
    ],
    ids=["table", "reader", "frame", "batches"],
)
def test_a_module_may_return_any_tabular_output(
    lab: Lab, output: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Rows, "execute", lambda self, inputs, context: output)

    assert lab.records(lab.stage([{}])) == [{"a": 1}, {"a": 2}]


def test_a_module_that_returns_something_else_is_told_what_it_may(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Rows, "execute", lambda self, inputs, context: {"a": 1})

    with pytest.raises(ConfigError, match="returned dict"):
        lab.stage([{}])


def test_an_iterator_that_fails_in_the_middle_commits_nothing_and_keeps_its_error(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"a": [1]})
        raise TransientError("the source went away")

    def execute(self: Rows, inputs: object, context: RunContext) -> Output:
        return batches()

    monkeypatch.setattr(Rows, "execute", execute)

    with pytest.raises(TransientError, match="Node 'source': the source went away"):
        lab.stage([{}])
    assert not Path(lab.staging, "run-1", "source", "1", "manifest.json").exists()


def test_the_manifest_is_written_after_all_data(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    from etl import outcome

    def dies(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(outcome, "commit", dies)
    with pytest.raises(KeyboardInterrupt):
        lab.stage("SELECT 1 AS a")

    folder = Path(lab.staging, "run-1", "source", "1")
    assert (folder / "part-0.parquet").exists()
    assert not (folder / "manifest.json").exists()
    assert not (folder / "running").exists()


def test_an_output_that_was_not_committed_is_not_read(lab: Lab) -> None:
    source = lab.stage("SELECT 1 AS a")
    Path(str(source["uri"]), "manifest.json").unlink()

    with pytest.raises(TransientError, match=r"is not there.*Execute the pipeline again"):
        lab.run("transform.filter", {"condition": "true"}, inputs={"input": source})


def test_a_repeated_try_has_a_folder_of_its_own(lab: Lab) -> None:
    source = lab.stage("SELECT 1 AS a")
    config = {"condition": "true"}

    first = lab.run("transform.filter", config, inputs={"input": source}, attempt=1)
    second = lab.run("transform.filter", config, inputs={"input": source}, attempt=2)

    assert first["uri"] != second["uri"]
    assert lab.records(first) == lab.records(second)


def test_what_a_killed_try_left_behind_is_not_mixed_in(lab: Lab) -> None:
    folder = Path(lab.staging, "run-1", "node", "1")
    folder.mkdir(parents=True)
    (folder / "part-7.parquet").write_text("half")

    result = lab.run("transform.filter", {"condition": "true"}, "SELECT 1 AS a")

    assert sorted(path.name for path in Path(str(result["uri"])).iterdir()) == [
        "manifest.json",
        "part-0.parquet",
    ]


def test_an_input_outside_of_the_staging_is_refused(lab: Lab, tmp_path: Path) -> None:
    elsewhere = lab.at(str(tmp_path / "elsewhere")).stage("SELECT 1 AS a")
    sneaky = {**elsewhere, "uri": f"{lab.staging}/../elsewhere/run-1/source/1"}

    for source in (elsewhere, sneaky):
        with pytest.raises(ConfigError, match="outside of the staging area"):
            lab.run("transform.filter", {"condition": "true"}, inputs={"input": source})  # type: ignore[dict-item]


def test_a_loader_cannot_feed_a_node(lab: Lab) -> None:
    loaded = lab.run("load.csv", {"path": "x.csv"}, "SELECT 1 AS a")

    with pytest.raises(ConfigError, match="staged no data"):
        lab.run("transform.filter", {"condition": "true"}, inputs={"input": loaded}, node_id="b")


def test_a_wrong_config_names_node_and_field(lab: Lab) -> None:
    with pytest.raises(ConfigError) as caught:
        lab.run("transform.sort", {"by": [{"column": "a"}], "limit": "ten"}, "SELECT 1 AS a")

    assert caught.value.as_dict()["node"] == "node"
    assert caught.value.field == "config.limit"
    assert str(caught.value).startswith("Node 'node': field 'limit' is wrong")


def test_an_error_is_a_small_json_object(lab: Lab) -> None:
    with pytest.raises(DataError) as caught:
        lab.run("extract.csv", {"path": "no.csv"})

    assert json.loads(json.dumps(caught.value.as_dict())) == {
        "type": "DataError",
        "message": str(caught.value),
        "wording": wording(str(caught.value)),
        "node": "node",
        "field": "config.path",
        "retryable": False,
        "quarantine": None,
    }


@pytest.mark.parametrize("name", ["../evil", "a/b", "", ".", "..", "a b", "a\n"])
def test_an_execution_id_that_is_no_folder_name_is_refused(lab: Lab, name: str) -> None:
    lab.execution_id = name

    with pytest.raises(ConfigError, match="cannot name a staging folder"):
        lab.stage("SELECT 1 AS a")


def test_a_staging_in_a_path_with_spaces_and_quotes_works(lab: Lab, tmp_path: Path) -> None:
    odd = lab.at(str(tmp_path / "it's a [staging] 'folder'"))

    result = odd.run("transform.filter", {"condition": "a > 0"}, "SELECT 1 AS a")

    assert result["data"] == [{"a": 1}]


def test_a_staging_that_only_fsspec_reaches_works(lab: Lab) -> None:
    remote = lab.at("memory://bucket/staging")
    source = remote.stage("SELECT range AS a FROM range(5)")

    result = remote.run("transform.filter", {"condition": "a > 2"}, inputs={"input": source})

    assert result["uri"] == "memory://bucket/staging/run-1/node/1"
    assert result["data"] == [{"a": 3}, {"a": 4}]


def test_a_value_that_looks_like_a_template_is_checked_like_any_other(lab: Lab) -> None:
    source = lab.stage("SELECT 1 AS a")

    with pytest.raises(ConfigError, match="field 'delimiter' is wrong") as caught:
        lab.run("load.csv", {"path": "o.csv", "delimiter": "{{ x }}"}, inputs={"input": source})

    assert caught.value.field == "config.delimiter"
