"""extract.json"""

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from etl.errors import DataError
from etl.files.compression import CompressionSetting, compression_of, opened
from etl.files.reading import SourceConfig
from etl.files.sampling import files_or_heads
from etl.inputs import Inputs
from etl.json_extractor import GivenTypes, JSONExtractor
from etl.json_heads import whole_records
from etl.messages import say
from etl.module import RunContext

if TYPE_CHECKING:
    import duckdb

    from etl.files.reading import SourceFile

_RECORDS = re.compile(r"(\$\.?)?([^.$\[\]\"*]+(\.[^.$\[\]\"*]+)*)?")


def _check_records(path: str) -> str:
    if not _RECORDS.fullmatch(path):
        raise ValueError(say("'{path}' is no path of names. Write it as data.items", path=path))
    return path.removeprefix("$").removeprefix(".")


class ExtractJSON(JSONExtractor):
    """Read the records of JSON files: an array of objects, or an object that holds one.

    Every name in any record becomes a column; its type is guessed from all records unless it is
    given. Values that are nested, or of more than one kind, become JSON. A file that is an array
    is streamed; for one whose records are at a path, all of it must fit into memory about four
    times. A record that does not fit fails the node: use JSON Lines to have such set aside.
    """

    key = "extract.json"
    title = "JSON file"
    icon = "data_object"
    keywords = "s3, document, nested"

    class Config(SourceConfig):
        """The settings of extract.json."""

        records: Annotated[str, AfterValidator(_check_records)] = Field(
            default="",
            description="Where the array of records is in the file, as names with dots between. "
            "Empty: the file itself is the array, or one record.",
            examples=["data.items"],
        )
        compression: CompressionSetting = "auto"
        types: GivenTypes = {}

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> "duckdb.DuckDBPyRelation":
        """Return the records of the files; raise DataError naming file, record and remedy."""
        scratch = inputs.scratch_folder()
        sources = files_or_heads(
            self.config,
            context,
            scratch,
            compression=self.config.compression,
            cut=partial(whole_records, path=self.config.records),
        )
        return self._rows(sources, inputs, scratch, context)

    def _rows(
        self, sources: "list[SourceFile]", inputs: Inputs, scratch: Path, context: RunContext
    ) -> "duckdb.DuckDBPyRelation":
        from etl.json_depth import stream_is_too_deep
        from etl.json_reading import JSONSet, columns_of, rows_sql, uncompressed
        from etl.json_records import records_of
        from etl.settings import memory_bytes

        plain = uncompressed(sources, self.config.compression, scratch)
        for file in plain:
            with opened(file.local, compression_of(file.local.name), file.name) as stream:
                if stream_is_too_deep(stream):
                    raise DataError(
                        say(
                            "file '{file}' is nested more than 1000 levels deep. Correct it, or "
                            "have its source give it flatter.",
                            file=file.name,
                        ),
                        field="config.path",
                    )
        self._set = JSONSet("array", tuple(plain), self.config.file_column)
        database = inputs.database(files=self._set.paths())
        files = records_of(
            self._set,
            self.config.records,
            database,
            scratch,
            most=memory_bytes(context.memory_limit) // 4,
        )
        self._set = files
        return database.sql(rows_sql(files, columns_of(files, self.config.types, database)))
