"""extract.parquet"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from etl.errors import ConfigError, DataError
from etl.files.reading import SourceConfig, peeked, source_files
from etl.files.remote import is_uri
from etl.files.remote_parquet import first_rows, remote_schemas
from etl.inputs import Inputs
from etl.messages import say
from etl.module import Extractor, RunContext
from etl.sql import literal, quote

if TYPE_CHECKING:
    import duckdb

    from etl.dataset import Column
    from etl.files.reading import SourceFile

_NUMBER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL\(.*\)")


class ExtractParquet(Extractor):
    """Read Parquet files.

    Several files are put below each other by the names of their columns; a column that a file
    lacks is empty there. Numbers of different types become the wider one; other types that differ
    are an error.
    """

    key = "extract.parquet"
    title = "Parquet file"
    icon = "view_column"
    keywords = "s3, columnar, arrow"

    class Config(SourceConfig):
        """The settings of extract.parquet."""

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> "duckdb.DuckDBPyRelation":
        """Return the rows of the files; raise DataError for one that is no Parquet file."""
        scratch = inputs.scratch_folder()
        if context.sample is not None and is_uri(self.config.path):
            files = first_rows(self.config, context, context.sample, scratch)
        else:
            files = source_files(self.config, context, scratch)
        return self._rows(files, inputs)

    def _rows(self, files: "list[SourceFile]", inputs: Inputs) -> "duckdb.DuckDBPyRelation":
        database = inputs.database(files=[file.local for file in files])
        found = {file.name: _types(file, database) for file in files}
        _check_types(found)
        paths = ", ".join(literal(str(file.local)) for file in files)
        items = [
            quote(name) for name in dict.fromkeys(n for types in found.values() for n in types)
        ]
        if self.config.file_column:
            called = ", ".join(literal(file.name) for file in files)
            position = f"list_position([{paths}], _logidata_file)"
            items.append(
                f"list_extract([{called}], {position}) AS {quote(self.config.file_column)}"
            )
        return database.sql(
            f"SELECT {', '.join(items)} FROM read_parquet([{paths}], union_by_name = true,"  # noqa: S608
            " hive_partitioning = false, filename = '_logidata_file')"
        )

    def peek(self, context: RunContext) -> "tuple[Column, ...] | None":
        """Return the columns, from the footers of the files."""
        return peeked(self, context, lambda inputs, scratch: self._head(inputs, scratch, context))

    def _head(
        self, inputs: Inputs, scratch: Path, context: RunContext
    ) -> "duckdb.DuckDBPyRelation | None":
        if not is_uri(self.config.path):
            return self._rows(source_files(self.config, context, scratch), inputs)
        files = remote_schemas(self.config, context, scratch)
        return None if files is None else self._rows(files, inputs)


def _types(file: "SourceFile", database: "duckdb.DuckDBPyConnection") -> dict[str, str]:
    import duckdb

    try:
        found = database.sql(
            f"FROM read_parquet({literal(str(file.local))}, hive_partitioning = false)"
        )
    except duckdb.Error as exc:
        raise DataError(
            say(
                "file '{file}' is no Parquet file that can be read. Bring it again.", file=file.name
            ),
            field="config.path",
        ) from exc
    return dict(zip(found.columns, map(str, found.types), strict=True))


def _check_types(files: dict[str, dict[str, str]]) -> None:
    first: dict[str, tuple[str, str]] = {}
    for file, types in files.items():
        for column, kind in types.items():
            other, before = first.setdefault(column.casefold(), (file, kind))
            numbers = all(_NUMBER.fullmatch(k) for k in (kind, before))
            if kind != before and not numbers:
                raise ConfigError(
                    say(
                        "column '{column}' is {before} in '{other}', but {kind} in '{file}'. "
                        "Read such files apart, and cast the column in one of them.",
                        column=column,
                        before=before,
                        other=other,
                        kind=kind,
                        file=file,
                    ),
                    field="config.path",
                )
