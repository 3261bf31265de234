"""Rejected rows of an extractor: raw records, which it reads again in place of its source."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from etl.dataset import Column
from etl.sql import literal

if TYPE_CHECKING:
    import duckdb

    from etl.inputs import Inputs

# The port, and so the table, at which an extractor is given them.
RAW = "raw_records"
RECORD = Column("record", "VARCHAR")


def raw_rows(
    inputs: "Inputs", parts: Sequence[Path], corrections: Mapping[str, Mapping[str, str | None]]
) -> "duckdb.DuckDBPyRelation":
    """Return the raw records of a quarantine, in their order, each with its file and line there.

    They are counted by `number`. One that was corrected has no `reason` any more.
    """
    files = ", ".join(literal(str(path)) for path in parts)
    source = f"read_parquet([{files}], file_row_number = true)"
    texts = {
        int(index): text
        for index, new in corrections.items()
        if (text := new.get(RECORD.name)) is not None
    }
    # No record has the first of these: there must be one, for SQL.
    fixes = ", ".join(["(-1, '')", *(f"({n}, {literal(text)})" for n, text in texts.items())])
    return inputs.query(
        "SELECT file_row_number AS number, CASE WHEN patch IS NULL THEN reason END AS reason,"  # noqa: S608
        " field, file, line,"
        " coalesce(patch, record, '') AS record"
        f" FROM {source} LEFT JOIN (VALUES {fixes}) AS t(place, patch) ON place = file_row_number"
        " ORDER BY number"
    )
