"""Rejected records of CSV files, read again as the files that they came from were.

They are written to files of their own, without those that would change how what follows them is
read, or that were not kept as they are in their source.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from etl.csv_errors import BAD_BYTES, RAW_LENGTH, UNTERMINATED, rejected_sql
from etl.csv_reading import CSVColumns, CSVFile, CSVOptions, check_types, rows_sql
from etl.dataset import Column, Layout
from etl.inputs import Inputs
from etl.module import Result
from etl.raw_records import RAW
from etl.sql import literal, quote

if TYPE_CHECKING:
    import duckdb

CUT_OFF = f"only the first {RAW_LENGTH:,} bytes of the record were kept"

_END = "end of the record"
_BATCH = 1000


def layouts_of(files: Sequence[CSVFile], shapes: Sequence[CSVColumns]) -> list[Layout]:
    """Return how the records of some files are to be read again, alike files together."""
    alike: dict[CSVColumns, list[str]] = {}
    for file, shape in zip(files, shapes, strict=True):
        alike.setdefault(shape, []).append(file.name)
    return [
        Layout(
            columns=tuple(Column(name, kind) for name, kind in shape.types),
            files=tuple(names),
            date_format=shape.date_format,
            timestamp_format=shape.timestamp_format,
        )
        for shape, names in alike.items()
    ]


class RawCSV:
    """The raw records that a node was given, as rows of the columns that their files had."""

    def __init__(self, inputs: Inputs, options: CSVOptions, file_column: str | None) -> None:
        self._inputs = inputs
        self._options = options
        self._file_column = file_column
        self._layouts = inputs[RAW].layouts
        self._shapes = [_shape(layout, options) for layout in self._layouts]
        self._shape_of = {
            file: shape
            for layout, shape in zip(self._layouts, self._shapes, strict=True)
            for file in layout.files
        }

    def result(self) -> Result:
        """Return the rows, in the types of the first run, and what is faulty again.

        Raise ConfigError for a type that is given for no column.
        """
        every = dict.fromkeys(name for shape in self._shapes for name, _ in shape.types)
        names = [file for layout in self._layouts for file in layout.files]
        check_types(self._options.types, every, names)
        database = self._inputs.database()
        places = self._inputs.scratch_folder() / "places.parquet"
        files = self._write(database, places)
        # Written with a header line and in UTF-8, whatever the source was like.
        options = CSVOptions(
            self._options.delimiter, self._options.quote, null_values=self._options.null_values
        )
        branches = [self._no_rows(shape) for shape in self._shapes]
        if files:
            shapes = [self._shape_of[file.name] for file in files]
            column = self._file_column
            branches.append(rows_sql(files, shapes, options, rejects=True, file_column=column))
        faults = rejected_sql({str(file.path): str(file.path) for file in files})
        faulty = _faulty_sql(faults if files else "", places)
        return Result(
            database.sql(" UNION ALL BY NAME ".join(branches)),
            rejected=lambda: database.sql(faulty),
            removed=0,
            added=0,
            layouts=self._layouts,
        )

    def _no_rows(self, shape: CSVColumns) -> str:
        """Return a SELECT that has the columns of a file: no record of it need be among them."""
        items = [f"CAST(NULL AS {kind}\n) AS {quote(name)}" for name, kind in shape.types]
        if self._file_column:
            items.append(f"CAST(NULL AS VARCHAR) AS {quote(self._file_column)}")
        return f"SELECT {', '.join(items)} WHERE false"

    def _write(self, database: "duckdb.DuckDBPyConnection", places: Path) -> list[CSVFile]:
        """Write the records to a file for each source, and to `places` where each of them is.

        That is a line of a file, or nowhere, for a reason.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        files = []
        schema = pa.schema(
            {
                "number": pa.int64(),
                "path": pa.string(),
                "written": pa.int64(),
                "reason": pa.string(),
            }
        )
        rows = database.sql(
            f"SELECT number, file, reason, record FROM {quote(RAW)} ORDER BY number"  # noqa: S608
        )
        with pq.ParquetWriter(places, schema) as writer:
            for count, (file, records) in enumerate(groupby(_each(rows), lambda row: row[1])):
                path = self._inputs.scratch_file(f"{count}-raw.csv")
                written = self._write_file(path, records)
                writer.write_table(pa.Table.from_pylist(written, schema=schema))
                if any(place["written"] for place in written):
                    files.append(CSVFile(path, file))
        return files

    def _write_file(
        self, path: Path, records: Iterator[tuple[int, str, str | None, str]]
    ) -> list[dict[str, object]]:
        places: list[dict[str, object]] = []
        line = 1
        with path.open("w", encoding="utf-8", newline="") as target:
            # DuckDB takes the first line end, be it within quotes, for that of the whole file.
            target.write("header\n")
            for number, file, reason, record in records:
                record = record.rstrip("\r\n")
                columns = len(self._shape_of[file].types)
                fault = self._fault(record, reason, columns)
                if fault is None:
                    line += 1
                    target.write(f"{record}\n")
                place = {"path": str(path), "written": line} if fault is None else {"reason": fault}
                places.append({"number": number, **place})
        return places

    def _fault(self, record: str, reason: str | None, columns: int) -> str | None:
        """Return why a record cannot stand in a file among others, None if it can.

        One that was corrected has no `reason`.
        """
        if reason == BAD_BYTES:
            return reason
        if reason is not None and len(record.encode()) >= RAW_LENGTH:
            return CUT_OFF
        lines = [*io.StringIO(f"{record}\n", newline=""), _END]
        reader = csv.reader(
            lines,
            delimiter=self._options.delimiter,
            quotechar=self._options.quote,
            skipinitialspace=True,
        )
        try:
            rows = list(reader)
        except csv.Error:
            return f"a value is longer than {csv.field_size_limit()} characters"
        if rows[-1] != [_END]:
            return UNTERMINATED
        if len(rows) != 2:
            return f"there are {len(rows) - 1} records in place of one"
        return None if rows[0] or columns == 1 else "the record is empty"


def _shape(layout: Layout, options: CSVOptions) -> CSVColumns:
    """Return what a file's columns are now: by their place, with the names and types of today."""
    names = [column.name for column in layout.columns]
    if not options.header:
        names = list(options.names) or [f"column{number}" for number in range(len(names))]
    given = {name.casefold(): kind for name, kind in options.types.items()}
    types = tuple(
        (name, given.get(name.casefold()) or (column.type if column else "VARCHAR"))
        for name, column in zip_longest(names, layout.columns[: len(names)])
    )
    return CSVColumns(types, layout.date_format, layout.timestamp_format)


def _each(rows: "duckdb.DuckDBPyRelation") -> Iterator[tuple[int, str, str | None, str]]:
    while batch := rows.fetchmany(_BATCH):
        yield from batch


def _faulty_sql(faults: str, places: Path) -> str:
    """Return the SELECT of the records that are faulty again, where their sources have them."""
    at = f"read_parquet({literal(str(places))})"
    none = "SELECT NULL AS reason, NULL AS field, NULL AS file, NULL AS line WHERE false"
    return (
        "SELECT coalesce(fault.reason, place.reason) AS reason, fault.field AS field,"  # noqa: S608
        f" raw.file AS file, raw.line AS line, raw.record AS record FROM {at} AS place"
        f" JOIN {quote(RAW)} AS raw USING (number)"
        f" LEFT JOIN ({faults or none}) AS fault ON fault.file = path AND fault.line = written"
        " WHERE coalesce(fault.reason, place.reason) IS NOT NULL ORDER BY number"
    )
