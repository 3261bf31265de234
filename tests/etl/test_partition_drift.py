"""load.parquet by partition: columns that the other partitions of the folder do not have."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from etl.errors import ConfigError, DataError
from tests.etl.conftest import Lab

pytestmark = pytest.mark.slow

LAKE = {"path": "lake", "partition_by": ["day"], "replace": "partitions"}
TWO_DAYS = "SELECT range AS id, 'd' || range AS day, '{}'::JSON AS doc FROM range(2)"
NEW = "SELECT 5::BIGINT AS id, 'd1' AS day, '{}'::JSON AS doc, 2.5::DOUBLE AS more"


def columns_of(folder: Path) -> dict[str, list[str]]:
    return {
        path.parent.name: pq.read_schema(path).names for path in sorted(folder.rglob("*.parquet"))
    }


def test_a_column_that_the_other_partitions_lack_fails_unless_told_otherwise(lab: Lab) -> None:
    lab.run("load.parquet", LAKE, TWO_DAYS)

    with pytest.raises(
        DataError,
        match=r"folder lake has no column 'more'; it has id, day, doc. Add the column to the "
        r"folder \(on_drift can do that\), or rename or leave it out",
    ):
        lab.run("load.parquet", LAKE, NEW, node_id="b")
    assert set(columns_of(lab.data / "lake")) == {"day=d0", "day=d1"}
    assert "more" not in str(columns_of(lab.data / "lake"))


def test_a_column_that_the_other_partitions_lack_is_added_for_readers_by_name(lab: Lab) -> None:
    lab.run("load.parquet", LAKE, TWO_DAYS)

    result = lab.run("load.parquet", {**LAKE, "on_drift": "add_columns"}, NEW, node_id="b")

    assert result["target"] == "lake (added column 'more')"
    read = lab.run("extract.parquet", {"path": "lake/**/*.parquet"})
    assert [(row["id"], row["more"]) for row in lab.records(read)] == [(0, None), (5, 2.5)]


def test_a_column_that_the_other_partitions_lack_is_left_out(lab: Lab) -> None:
    lab.run("load.parquet", LAKE, TWO_DAYS)

    result = lab.run("load.parquet", {**LAKE, "on_drift": "ignore"}, NEW, node_id="b")

    assert result["target"] == "lake (left out column 'more')"
    assert columns_of(lab.data / "lake")["day=d1"] == ["id", "day", "doc"]


@pytest.mark.parametrize("policy", ["fail", "add_columns", "ignore"])
def test_a_type_that_has_changed_always_fails(lab: Lab, policy: str) -> None:
    lab.run("load.parquet", LAKE, TWO_DAYS)
    rows = "SELECT 'x' AS id, 'd1' AS day"

    said = "folder lake has column 'id' as BIGINT in day=d0, and the input has it as VARCHAR"
    with pytest.raises(DataError, match=said):
        lab.run("load.parquet", {**LAKE, "on_drift": policy}, rows, node_id="b")
    with pytest.raises(DataError, match="has column 'id' in day=d0, and the input calls it 'Id'"):
        lab.run("load.parquet", LAKE, rows.replace("id", "Id"), node_id="b")


def test_partitions_that_are_all_replaced_may_have_other_columns(lab: Lab) -> None:
    lab.run("load.parquet", LAKE, TWO_DAYS)
    rows = "SELECT 'd' || range AS day, 'x' AS id, 1 AS more FROM range(2)"

    lab.run("load.parquet", LAKE, rows, node_id="b")
    # Nothing is written, so nothing differs.
    lab.run("load.parquet", LAKE, "SELECT 1 AS id, 'd1' AS day WHERE false", node_id="c")

    assert columns_of(lab.data / "lake")["day=d0"] == ["day", "id", "more"]


def test_partitions_of_others_need_not_hold_their_column(lab: Lab) -> None:
    (lab.data / "lake" / "day=d7").mkdir(parents=True)
    pq.write_table(pa.table({"id": [1]}), lab.data / "lake" / "day=d7" / "x.parquet")
    (lab.data / "lake" / "day=d7" / "_x.parquet").write_text("being written")

    lab.run("load.parquet", LAKE, "SELECT 1::BIGINT AS id, 'd1' AS day")
    (lab.data / "lake" / "day=d7" / "x.parquet").write_text("")

    with pytest.raises(DataError, match=r"file 'day=d7/x\.parquet' in 'lake' is no Parquet file"):
        lab.run("load.parquet", LAKE, "SELECT 1::BIGINT AS id, 'd1' AS day", node_id="b")


def test_what_to_do_with_other_columns_is_for_partitions_only(lab: Lab) -> None:
    config = {"path": "lake", "partition_by": ["day"], "on_drift": "ignore"}
    with pytest.raises(ConfigError, match="on_drift is for replace: partitions only"):
        lab.run("load.parquet", config, TWO_DAYS)
