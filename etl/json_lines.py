"""JSON Lines with faulty lines among them: which fit, and which are set aside, in SQL.

Both are told by the same condition on the text of the line, so that each line is one or the other.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from etl.files.reading import SourceFile
from etl.json_reading import LONGEST_RECORD, JSONSet
from etl.quarantine import COLUMNS
from etl.sql import literal, quote

if TYPE_CHECKING:
    import duckdb

# No text file holds it, so that a whole line is one value.
_NO_DELIMITER = "\\x01"
_IS_RECORD = "(json_valid(line) AND json_type(CASE WHEN json_valid(line) THEN line END) = 'OBJECT')"


def lines_of(files: JSONSet) -> str:
    """Return the SELECT of the lines of some files; one that is empty is NULL."""
    return " UNION ALL ".join(
        f"SELECT row_number() OVER () AS number, {literal(file.name)} AS file, line"  # noqa: S608
        f" FROM read_csv({literal(str(file.local))}, columns = {{'line': 'VARCHAR'}},"
        f" auto_detect = false, header = false, comment = '', delim = '{_NO_DELIMITER}',"
        " quote = '', escape = '', null_padding = false, strict_mode = true,"
        f" max_line_size = {LONGEST_RECORD}, buffer_size = {LONGEST_RECORD})"
        for file in files.files
    )


class FaultyLines:
    """Lines of JSON Lines, split by whether they are records whose values fit.

    `lines` is a SELECT of number, file and line; `odd` one of further lines that are faulty for
    sure, in the form of a quarantine.
    """

    def __init__(self, lines: str, odd: str) -> None:
        self._lines = lines
        self._odd = odd

    def records_only(self, database: "duckdb.DuckDBPyConnection", to: Path, called: str) -> JSONSet:
        """Write the lines that are records to a file, to guess the columns from."""
        sql = f"SELECT line FROM ({self._lines}) WHERE {_IS_RECORD}"  # noqa: S608
        database.execute(
            f"COPY ({sql}) TO {literal(str(to))}"
            f" (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '{_NO_DELIMITER}')"
        )
        return JSONSet("newline_delimited", (SourceFile(to, called),))

    def _values(self, columns: Mapping[str, str]) -> str:
        """Return the SELECT of every line with whether it is a record, and its values as text."""
        paths = ", ".join(literal(_pointer(name)) for name in columns)
        record = f"CASE WHEN {_IS_RECORD} THEN line END"
        return (
            f"SELECT *, {_IS_RECORD} AS is_record, json_extract_string({record}, [{paths}]) AS v"  # noqa: S608
            f" FROM ({self._lines}) WHERE line IS NOT NULL"
        )

    def good_sql(self, columns: Mapping[str, str], file_column: str | None) -> str:
        """Return the SELECT of the records whose values fit."""
        items = [
            f"{_value(name, kind, number)} AS {quote(name)}"
            for number, (name, kind) in enumerate(columns.items(), 1)
        ]
        if file_column:
            items.append(f"file AS {quote(file_column)}")
        fits = " AND ".join(["is_record", *(f"NOT {fault}" for fault in _faults(columns).values())])
        return f"SELECT {', '.join(items)} FROM ({self._values(columns)}) WHERE {fits}"  # noqa: S608

    def faulty_sql(self, columns: Mapping[str, str]) -> str:
        """Return the SELECT of all other lines, the odd ones too, in the form of a quarantine."""
        faults = _faults(columns)
        said = {name: literal(f"' is no {kind}") for name, kind in columns.items()}
        reasons = "".join(
            f" WHEN {fault} THEN concat('''', left(v[{number}], 100), {said[name]})"
            for number, (name, fault) in enumerate(faults.items(), 1)
        )
        fields = "".join(f" WHEN {fault} THEN {literal(name)}" for name, fault in faults.items())
        bad = " OR ".join(["NOT is_record", *faults.values()])
        items = (
            "CASE WHEN NOT json_valid(line) THEN 'the line is no JSON' WHEN NOT is_record"
            f" THEN 'the line is no JSON object'{reasons} END",
            f"CASE WHEN NOT is_record THEN NULL{fields} END",
            "file",
            "number",
            "line",
        )
        listed = ", ".join(
            f"CAST({item} AS {column.type}) AS {column.name}"
            for item, column in zip(items, COLUMNS, strict=True)
        )
        faulty = f"SELECT {listed} FROM ({self._values(columns)}) WHERE {bad}"  # noqa: S608
        return f"{faulty} UNION ALL {self._odd} ORDER BY file, line"


def _pointer(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _value(name: str, kind: str, number: int) -> str:
    if kind != "JSON":
        return f"TRY_CAST(v[{number}] AS {kind}\n)"
    # A text within a column of JSON keeps its quotes.
    value = f"CAST(json_extract(line, {literal(_pointer(name))}) AS VARCHAR)"
    return f"CAST(nullif({value}, 'null') AS JSON)"


def _faults(columns: Mapping[str, str]) -> dict[str, str]:
    """Return {column: condition} that holds where a value does not fit its type."""
    return {
        name: "false" if kind == "JSON" else _misfit(f"v[{number}]", kind)
        for number, (name, kind) in enumerate(columns.items(), 1)
    }


def _misfit(value: str, kind: str) -> str:
    return f"(is_record AND {value} IS NOT NULL AND TRY_CAST({value} AS {kind}\n) IS NULL)"
