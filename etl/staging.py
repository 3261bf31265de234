"""Turns whatever a module returned into a committed dataset."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl.dataset import Column, Dataset
from etl.errors import ConfigError, DataError
from etl.inputs import Inputs
from etl.messages import say
from etl.module import Rows
from etl.sql import literal, quote
from etl.storage import Storage

if TYPE_CHECKING:
    import duckdb

SAMPLE_ROWS = 20
_SAMPLE_TEXT = 500
_PART = "part-0.parquet"
# What is staged is read once or twice and removed within days: snappy takes a fifth less time than
# zstd. The encodings of version 2 make it a third smaller, and writing and reading a tenth faster.
_FORMAT = "FORMAT parquet, COMPRESSION snappy, PARQUET_VERSION v2"
_VIEW = "_logidata_output"

# Parquet has no 128-bit integers: DuckDB would store them as floats and lose digits.
_EXACT = {"HUGEINT": "DECIMAL(38, 0)", "UHUGEINT": "DECIMAL(38, 0)"}
_JSON_TYPES = {"BOOLEAN", "FLOAT", "DOUBLE"}
_JSON_TYPES |= {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}


def stage(
    output: Rows,
    inputs: Inputs,
    storage: Storage,
    folder: tuple[str, ...],
    work: Path,
    *,
    only: "Callable[[duckdb.DuckDBPyRelation], duckdb.DuckDBPyRelation] | None" = None,
) -> Dataset:
    """Write `output` as Parquet into a folder of the staging, and return what is to be committed.

    `work` is a local folder that the engine may write; for a local staging it is that folder.
    `only` gives the rows that are wanted. Nothing is committed yet: see `etl.dataset.commit`.
    """
    work.mkdir(parents=True, exist_ok=True)
    part = work / _PART
    batches = _Batches(output) if isinstance(output, Iterator) else None
    try:
        relation = _exact(_as_relation(batches.reader() if batches else output, inputs))
        _check_names(relation.columns)
        if only is not None:
            relation = only(relation)
        # A relation's own write_parquet() does not offer the encodings of Parquet's version 2, and
        # its query() is deaf to signals.
        relation.create_view(_VIEW, replace=True)
        inputs.database().execute(f"COPY {_VIEW} TO {literal(str(part))} ({_FORMAT})")
    except Exception:
        # DuckDB wraps what an iterator raises, and would hide whether a retry helps.
        if batches is not None and batches.error is not None:
            raise batches.error from None
        raise
    dataset = _describe(inputs.database(), part, storage.uri(*folder))
    if not storage.is_local:
        storage.upload(part, *folder, _PART)
    return dataset


def _as_relation(output: Rows, inputs: Inputs) -> "duckdb.DuckDBPyRelation":
    import duckdb

    if isinstance(output, duckdb.DuckDBPyRelation):
        return output
    # Most nodes stay within DuckDB, and need not wait for these to be imported.
    import pyarrow as pa

    if isinstance(output, pa.Table | pa.RecordBatchReader):
        return inputs.database().from_arrow(output)
    import pandas as pd

    if isinstance(output, pd.DataFrame):
        return inputs.database().from_df(output)
    raise ConfigError(
        say(
            "the module returned {name}, which cannot be staged. It must return a "
            "DuckDB relation, an Arrow table or reader, a DataFrame or an iterator "
            "of Arrow batches.",
            name=type(output).__name__,
        )
    )


class _Batches:
    """An iterator of Arrow batches as a reader, which keeps the error that ended it."""

    def __init__(self, batches: Iterator[Any]) -> None:
        self._batches = batches
        self.error: Exception | None = None

    def reader(self) -> Any:
        import pyarrow as pa

        first = next(self._batches, None)
        if first is None:
            raise DataError(
                say(
                    "the module gave no batches, so the columns of its output are unknown. "
                    "It must give at least one batch, which may be empty."
                )
            )
        return pa.RecordBatchReader.from_batches(first.schema, self._each(first))

    def _each(self, first: Any) -> Iterator[Any]:
        yield first
        try:
            yield from self._batches
        except Exception as exc:
            self.error = exc
            raise


def _exact(relation: "duckdb.DuckDBPyRelation") -> "duckdb.DuckDBPyRelation":
    types = [str(kind) for kind in relation.types]
    if not any(kind in _EXACT for kind in types):
        return relation
    return relation.project(
        ", ".join(
            f"CAST({quote(name)} AS {_EXACT[kind]}) AS {quote(name)}"
            if kind in _EXACT
            else quote(name)
            for name, kind in zip(relation.columns, types, strict=True)
        )
    )


def _check_names(columns: list[str]) -> None:
    counts = Counter(name.casefold() for name in columns)
    twice = [name for name in columns if counts[name.casefold()] > 1]
    if twice:
        raise ConfigError(
            say(
                "the output has more than one column named '{twice}' (case does not "
                "count). Give each its own name, with AS in SQL.",
                twice=twice[0],
            )
        )


def first_records(
    rows: "duckdb.DuckDBPyRelation", columns: Sequence[Column], count: int
) -> Iterator[dict[str, Any]]:
    """Yield the first records of staged rows with JSON values only, long texts cut off."""
    shown = rows.limit(count).project(
        ", ".join(
            quote(c.name)
            if c.type in _JSON_TYPES
            else f"left(CAST({quote(c.name)} AS VARCHAR), {_SAMPLE_TEXT}) AS {quote(c.name)}"
            for c in columns
        )
    )
    for record in shown.fetchall():
        yield {c.name: _json_value(value) for c, value in zip(columns, record, strict=True)}


def _describe(database: "duckdb.DuckDBPyConnection", part: Path, uri: str) -> Dataset:
    written = database.sql(f"FROM read_parquet([{literal(str(part))}])")
    columns = tuple(
        Column(name, str(kind)) for name, kind in zip(written.columns, written.types, strict=True)
    )
    counted = written.aggregate("count(*)").fetchone()
    return Dataset(
        uri=uri,
        columns=columns,
        rows=int(counted[0]) if counted else 0,
        size=part.stat().st_size,
        parts=(_PART,),
        sample=tuple(first_records(written, columns, SAMPLE_ROWS)),
    )


def _json_value(value: Any) -> Any:
    # JSON knows neither NaN nor infinity, and PostgreSQL refuses both in it.
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    # PostgreSQL's JSON refuses NUL characters too.
    return value.replace("\x00", "�") if isinstance(value, str) else value
