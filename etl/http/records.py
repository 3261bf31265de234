"""Records from JSON as rows: kept in a file on the way, typed by what all of them hold."""

import json
from collections.abc import Iterable, Mapping
from typing import IO, TYPE_CHECKING, Any

from etl.errors import DataError, NoRowsError
from etl.faulty_rows import FaultyRows, encoded, object_size, read_lines
from etl.inputs import Inputs
from etl.messages import say
from etl.module import Result
from etl.sql import literal, quote

if TYPE_CHECKING:
    import duckdb

# Where each record came from, beside its own fields.
_PAGE, _INDEX = "_logidata_page", "_logidata_index"
_MOST_COLUMNS = 2000
_KEPT = {"BIGINT", "UBIGINT", "HUGEINT", "DOUBLE", "BOOLEAN"}
# Only what is unmistakable: '03-04-2024' could be two days, and is no date here.
_ISO = {
    "DATE": r"\d{4}-\d{2}-\d{2}",
    "TIMESTAMP": r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?",
    "TIMESTAMPTZ": r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}(:?\d{2})?)",
}


class Records:
    """The records of one node, kept as JSON lines in its scratch folder."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._path = inputs.scratch_file("records.jsonl")
        self._pages = inputs.scratch_file("pages.jsonl")
        self._faulty = FaultyRows(inputs.scratch_file("faulty.jsonl"))
        self._names: dict[str, None] = {}
        self._longest = self._longest_url = 0
        self.count = 0

    def write(self, pages: Iterable[tuple[str, list[Any]]], max_rows: int | None) -> None:
        """Keep the records of all pages, each a URL and its records.

        Raise DataError if they are more than `max_rows`, or have names that cannot be columns.
        """
        with self._path.open("wb") as file, self._pages.open("wb") as urls:
            for number, (url, records) in enumerate(pages):
                line = encoded(json.dumps({"page": number, "url": url}, ensure_ascii=False))
                self._longest_url = max(self._longest_url, urls.write(line + b"\n"))
                self._write_page(file, number, url, records)
                if max_rows is not None and self.count + self._faulty.count > max_rows:
                    raise DataError(
                        say(
                            "the service gave more than {max_rows} records. Raise max_rows, or ask "
                            "for fewer.",
                            max_rows=max_rows,
                        ),
                        field="config.max_rows",
                    )
        self._check_names()

    def _write_page(self, file: IO[bytes], number: int, url: str, records: list[Any]) -> None:
        for index, record in enumerate(records):
            text = json.dumps(record, ensure_ascii=False)
            if not isinstance(record, dict):
                kind = _kind(record)
                self._faulty.add(
                    say("{kind}, not an object", kind=kind), record=text, file=url, line=index
                )
                continue
            self._names.update(dict.fromkeys(record))
            place = f'{{"{_PAGE}": {number}, "{_INDEX}": {index}'
            line = f"{place}, {text[1:]}\n" if record else f"{place}}}\n"
            self._longest = max(self._longest, file.write(encoded(line)))
            self.count += 1
        if len(self._names) > _MOST_COLUMNS:
            raise DataError(
                say(
                    "the records have more than {most_columns} different fields: their names "
                    "seem to be values, such as ids. Point records at a list of alike "
                    "objects.",
                    most_columns=_MOST_COLUMNS,
                ),
                field="config.records",
            )

    def _check_names(self) -> None:
        seen: dict[str, str] = {}
        for name in self._names:
            other = seen.setdefault(name.casefold(), name)
            if other != name or not name or "\x00" in name or name in (_PAGE, _INDEX):
                raise DataError(
                    say(
                        "the records have fields named '{other}' and '{name}', which would be "
                        "one column, since case does not count there. Ask the service for one of "
                        "them only.",
                        other=other,
                        name=name,
                    )
                    if other != name
                    else say(
                        "the records have a field named '{name}', which cannot be a column. Ask "
                        "the service for other fields.",
                        name=name,
                    ),
                    field="config.records",
                )

    def result(self, types: Mapping[str, str]) -> Result:
        """Return the records as rows, given types first; the faulty ones are rejected.

        Nested values are JSON. Raise DataError if there is neither a record nor a type.
        """
        columns = self._columns(types)
        if not columns:
            raise NoRowsError(
                say(
                    "the service gave no record, so the columns are unknown. Give them under "
                    "types, and an empty answer gives no rows."
                ),
                field="config.types",
            )
        given = {self._spelled(name): kind for name, kind in types.items()}
        raw = {name: _read_as(given[name]) if name in given else columns[name] for name in columns}
        # Read as text first, what is no text of the type is then told from what is missing.
        source = self._source(raw)
        items = [
            f"{_cast(name, given.get(name) or columns[name], raw[name])} AS {quote(name)}"
            for name in columns
        ]
        fails = {
            name: f"({quote(name)} IS NOT NULL AND {_cast(name, kind, raw[name])} IS NULL)"
            for name, kind in given.items()
            if raw[name] == "VARCHAR"
        }
        where = " AND ".join(f"NOT {condition}" for condition in fails.values()) or "true"
        return Result(
            self._inputs.select(items, source=source, then=f"WHERE {where}"),
            rejected=lambda: self._rejected(source, list(columns), given, fails),
        )

    def _spelled(self, name: str) -> str:
        """Return a column's name as the records spell it."""
        return next((n for n in self._names if n.casefold() == name.casefold()), name)

    def _source(self, columns: Mapping[str, str]) -> str:
        shape = {_PAGE: "BIGINT", _INDEX: "BIGINT", **columns}
        listed = ", ".join(f"{literal(n)}: {literal(kind)}" for n, kind in shape.items())
        return read_lines(self._path, "{" + listed + "}", self._longest)

    def _columns(self, types: Mapping[str, str]) -> dict[str, str]:
        """Return {name: type} of all columns: those that were found, then only given ones."""
        found: dict[str, str] = {}
        if self._names:
            inferred = self._inputs.query(
                f"FROM read_json({literal(str(self._path))}, format = 'newline_delimited',"
                " sample_size = -1, maximum_depth = 2, map_inference_threshold = -1,"
                f" maximum_object_size = {object_size(self._longest)})"
            )
            kinds = dict(zip(inferred.columns, map(str, inferred.types), strict=True))
            found = {name: _plain(kinds[name]) for name in self._names}
            found |= self._times([name for name, kind in found.items() if kind == "VARCHAR"])
        return found | {
            self._spelled(name): "VARCHAR" for name in types if self._spelled(name) not in found
        }

    def _times(self, names: list[str]) -> dict[str, str]:
        """Return {name: type} of the text columns of which every value is a date or a time."""
        if not names:
            return {}
        items = []
        for name in names:
            for kind, pattern in _ISO.items():
                fits = (
                    f"regexp_full_match({quote(name)}, {literal(pattern)})"
                    f" AND TRY_CAST({quote(name)} AS {kind}) IS NOT NULL"
                )
                present = f"FILTER (WHERE {quote(name)} IS NOT NULL)"
                items.append(f"coalesce(bool_and({fits}) {present}, false)")
        source = self._source(dict.fromkeys(names, "VARCHAR"))
        row = self._inputs.select(items, source=source).fetchone() or ()
        answers = iter(row)
        return {name: kind for name in names for kind in _ISO if next(answers)}

    def _rejected(
        self, source: str, columns: list[str], given: Mapping[str, str], fails: Mapping[str, str]
    ) -> "duckdb.DuckDBPyRelation":
        if not fails:
            return self._inputs.query(self._faulty.select())
        said = {name: literal(f"' is no {given[name]}") for name in fails}
        reasons = " ".join(
            f"WHEN {fails[name]} THEN concat('''', left({quote(name)}, 100), {said[name]})"
            for name in fails
        )
        fields = " ".join(f"WHEN {fails[name]} THEN {literal(name)}" for name in fails)
        pairs = ", ".join(f"{literal(n)}: CAST({quote(n)} AS VARCHAR)" for n in columns)
        pages = read_lines(self._pages, "{page: 'BIGINT', url: 'VARCHAR'}", self._longest_url)
        return self._inputs.query(
            f"SELECT CASE {reasons} END AS reason, CASE {fields} END AS field, url AS file,"  # noqa: S608
            f" {_INDEX} AS line, CAST(to_json({{{pairs}}}) AS VARCHAR) AS record"
            f" FROM {source} AS rows JOIN {pages} AS pages ON pages.page = rows.{_PAGE}"
            f" WHERE {' OR '.join(fails.values())}"
            f" UNION ALL ({self._faulty.select()})"
        )


def _kind(record: object) -> str:
    kinds = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(type(record), "a number")


def _plain(kind: str) -> str:
    """Return how to read a column that DuckDB takes for this type."""
    if kind.startswith(("STRUCT", "MAP")) or kind.endswith("]"):
        return "JSON"
    return kind if kind in _KEPT else "VARCHAR"


def _read_as(kind: str) -> str:
    """Return as what a column is read that is to have this type: nested ones keep their JSON."""
    name = kind.strip().upper()
    nested = name == "JSON" or name.endswith("]") or name.startswith(("STRUCT", "MAP", "UNION"))
    return "JSON" if nested else "VARCHAR"


def _cast(name: str, kind: str, raw: str) -> str:
    if kind == raw:
        return quote(name)
    # What does not fit within a nested type must fail the node: TRY_CAST would leave it out.
    return f"{'CAST' if raw == 'JSON' else 'TRY_CAST'}({quote(name)} AS {kind}\n)"
