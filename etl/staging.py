"""Turns whatever a module returned into a committed dataset."""

import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl.dataset import Column, Dataset, commit
from etl.errors import ConfigError, DataError
from etl.inputs import Inputs
from etl.module import Output
from etl.sql import literal, quote
from etl.storage import Storage

if TYPE_CHECKING:
    import duckdb

SAMPLE_ROWS = 20
_SAMPLE_TEXT = 500
_PART = "part-0.parquet"

# Parquet has no 128-bit integers: DuckDB would store them as floats and lose digits.
_EXACT = {"HUGEINT": "DECIMAL(38, 0)", "UHUGEINT": "DECIMAL(38, 0)"}
_JSON_TYPES = {"BOOLEAN", "FLOAT", "DOUBLE"}
_JSON_TYPES |= {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}


def stage(
    output: Output, inputs: Inputs, storage: Storage, folder: tuple[str, ...], work: Path
) -> Dataset:
    """Write `output` as Parquet, commit it in `folder`, and return the dataset.

    `work` is a local folder that the engine may write; for a local staging it is `folder`.
    Nothing is committed if this raises.
    """
    part = work / _PART
    relation = _exact(_as_relation(output, inputs))
    _check_names(relation.columns)
    relation.write_parquet(str(part), compression="zstd")
    dataset = _describe(inputs.database(), part, storage.uri(*folder))
    if not storage.is_local:
        storage.upload(part, *folder, _PART)
    commit(storage, folder, dataset)
    return dataset


def _as_relation(output: Output, inputs: Inputs) -> "duckdb.DuckDBPyRelation":
    import duckdb
    import pyarrow as pa

    if isinstance(output, duckdb.DuckDBPyRelation):
        return output
    if isinstance(output, pa.Table | pa.RecordBatchReader):
        return inputs.database().from_arrow(output)
    if isinstance(output, Iterator):
        return inputs.database().from_arrow(_reader(output))
    import pandas as pd

    if isinstance(output, pd.DataFrame):
        return inputs.database().from_df(output)
    raise ConfigError(
        f"the module returned {type(output).__name__}, which cannot be staged. It must return a "
        "DuckDB relation, an Arrow table or reader, a DataFrame or an iterator of Arrow batches."
    )


def _reader(batches: Iterator[Any]) -> Any:
    import pyarrow as pa

    first = next(batches, None)
    if first is None:
        raise DataError(
            "the module gave no batches, so the columns of its output are unknown. "
            "It must give at least one batch, which may be empty."
        )

    def every() -> Iterator[Any]:
        yield first
        yield from batches

    return pa.RecordBatchReader.from_batches(first.schema, every())


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
            f"the output has more than one column named '{twice[0]}' (case does not count). "
            "Give each its own name, with AS in SQL."
        )


def _describe(database: "duckdb.DuckDBPyConnection", part: Path, uri: str) -> Dataset:
    import pyarrow.parquet as pq

    written = database.sql(f"FROM read_parquet([{literal(str(part))}])")
    columns = tuple(
        Column(name, str(kind)) for name, kind in zip(written.columns, written.types, strict=True)
    )
    shown = written.limit(SAMPLE_ROWS).project(
        ", ".join(
            quote(c.name)
            if c.type in _JSON_TYPES
            else f"left(CAST({quote(c.name)} AS VARCHAR), {_SAMPLE_TEXT}) AS {quote(c.name)}"
            for c in columns
        )
    )
    return Dataset(
        uri=uri,
        columns=columns,
        rows=pq.read_metadata(part).num_rows,
        size=part.stat().st_size,
        parts=(_PART,),
        sample=tuple(
            {name: _json_value(value) for name, value in record.items()}
            for record in shown.to_arrow_table().to_pylist()
        ),
    )


def _json_value(value: Any) -> Any:
    # JSON knows neither NaN nor infinity, and PostgreSQL refuses both in it.
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    # PostgreSQL's JSON refuses NUL characters too.
    return value.replace("\x00", "�") if isinstance(value, str) else value
