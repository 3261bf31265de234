"""Reading JSON files with DuckDB: which columns they have, and the SQL that gives their rows."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from etl.duckdb_errors import reason
from etl.errors import ConfigError, DataError, ETLError, NoRowsError
from etl.files.compression import Compression, decompress
from etl.files.reading import SourceFile
from etl.messages import Message, say
from etl.sql import literal, quote

if TYPE_CHECKING:
    import duckdb

_NATIVE = ("none", "gzip", "zstd")
# Longer records are refused: DuckDB keeps several of them in memory.
LONGEST_RECORD = 16 * 1024 * 1024
_IN_FILE = re.compile(r'in file "(.*?)"')
_LINE = re.compile(r"in (line|record/value) (\d+)")
_PLAIN = re.compile(r"[A-Z]+(\(\d+(,\s*\d+)?\))?( WITH TIME ZONE)?")


@dataclass(frozen=True)
class JSONSet:
    """Files of one layout, ready for DuckDB: an array of records each, or a record a line."""

    layout: Literal["array", "newline_delimited"]
    files: tuple[SourceFile, ...]
    file_column: str | None = None

    @property
    def names(self) -> dict[str, str]:
        """What people call each file, by the path that DuckDB knows."""
        return {str(file.local): file.name for file in self.files}

    def paths(self) -> list[Path]:
        """Return where the files lie."""
        return [file.local for file in self.files]

    def reader(self, more: str) -> str:
        """Return the call that reads all files, with `more` of its settings."""
        paths = ", ".join(literal(path) for path in self.names)
        return (
            f"read_json([{paths}], format = '{self.layout}', filename = '_logidata_file',"
            f" maximum_object_size = {LONGEST_RECORD}, {more})"
        )

    def file_item(self) -> list[str]:
        """Return the SELECT item of the column that names the file, if one is wanted."""
        if self.file_column is None:
            return []
        paths = ", ".join(literal(path) for path in self.names)
        called = ", ".join(literal(name) for name in self.names.values())
        found = f"list_extract([{called}], list_position([{paths}], _logidata_file))"
        return [f"{found} AS {quote(self.file_column)}"]


def uncompressed(
    sources: Sequence[SourceFile], compression: Compression, scratch: Path
) -> list[SourceFile]:
    """Return the files as DuckDB can open them; raise DataError for one that is empty."""
    ready = []
    empty = [source for source in sources if source.local.stat().st_size == 0]
    # One that is empty beside others is a fault of the source. A source may have no rows at all.
    error = NoRowsError if len(empty) == len(sources) else DataError
    for number, source in enumerate(sources):
        if source in empty:
            raise error(
                say("file '{file}' is empty. It needs at least one record.", file=source.name),
                field="config.path",
            )
        kind = source.compression(compression)
        # By its name DuckDB knows what it can decompress itself.
        if kind == "none" or (kind in _NATIVE and compression == "auto"):
            ready.append(source)
        else:
            plain = decompress(source.local, kind, scratch / f"{number}.plain", source.name)
            ready.append(SourceFile(plain, source.name))
    return ready


def columns_of(
    files: JSONSet, given: Mapping[str, str], database: "duckdb.DuckDBPyConnection"
) -> dict[str, str]:
    """Return {column: type} of all records: guessed from every one of them unless given.

    What is nested, or of more than one kind, is JSON. Raise ConfigError for a type of no column.
    """
    import duckdb

    guess = files.reader("sample_size = -1, records = true, union_by_name = true")
    try:
        found = database.sql(f"FROM {guess}")
        guessed = dict(zip(found.columns, map(str, found.types), strict=True))
    except duckdb.BinderException as exc:
        if "expected records" not in str(exc):
            raise
        guessed = {}
    guessed.pop("_logidata_file", None)
    if not guessed and not given:
        raise DataError(_no_records(files), field="config.path")
    types = {name.casefold(): kind for name, kind in given.items()}
    unknown = [name for name in given if name.casefold() not in {g.casefold() for g in guessed}]
    if guessed and unknown:
        raise ConfigError(_no_value(files, unknown[0]), field="config.types")
    return {
        name: types.get(name.casefold()) or (kind if _PLAIN.fullmatch(kind) else "JSON")
        for name, kind in (guessed or dict(given)).items()
    }


def _no_records(files: JSONSet) -> Message:
    [first, *others] = files.files
    if others:
        return say(
            "none of the {count} files has records, which are objects with names and values. "
            "Correct the file or the path to its records, or give the columns under types.",
            count=len(others) + 1,
        )
    return say(
        "file '{file}' has no records, which are objects with names and values. "
        "Correct the file or the path to its records, or give the columns under types.",
        file=first.name,
    )


def _no_value(files: JSONSet, name: str) -> Message:
    [first, *others] = files.files
    if others:
        return say(
            "none of the {count} files has a value '{name}', for which a type is given. "
            "Correct the name under types.",
            count=len(others) + 1,
            name=name,
        )
    return say(
        "file '{file}' has no value '{name}', for which a type is given. "
        "Correct the name under types.",
        file=first.name,
        name=name,
    )


def rows_sql(files: JSONSet, columns: Mapping[str, str]) -> str:
    """Return the SELECT of all records; one that does not fit ends the query."""
    types = ", ".join(f"{literal(n)}: {literal(t)}" for n, t in columns.items())
    items = [*(quote(name) for name in columns), *files.file_item()]
    return f"SELECT {', '.join(items)} FROM {files.reader(f'columns = {{{types}}}')}"  # noqa: S608


def explain_json(error: "duckdb.Error", names: Mapping[str, str], path: str) -> ETLError:
    """Return an error of DuckDB's JSON reader with the file and the line or record at fault."""
    text = str(error)
    found = _IN_FILE.search(text)
    name = names.get(found[1], path) if found else path
    line = _LINE.search(text)
    if line is None:
        said = _IN_FILE.sub("", reason(error)).strip()
        return DataError(
            say(
                "file '{file}' is no JSON that can be read: {reason}. Check that it is whole, and "
                "of this kind.",
                file=name,
                reason=said,
            ),
            field="config.path",
        )
    said = text.split("\n")[0].rpartition(": ")[2].strip().rstrip(".")
    if line[1] == "line":
        message = say(
            "file '{file}', line {line}: {reason}. Correct it, or give the column another type "
            "under types.",
            file=name,
            line=int(line[2]),
            reason=said,
        )
    else:
        message = say(
            "file '{file}', record {record}: {reason}. Correct it, or give the column another "
            "type under types.",
            file=name,
            record=int(line[2]),
            reason=said,
        )
    return DataError(message, field="config.path")
