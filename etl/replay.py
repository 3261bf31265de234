"""Giving a node the rows again that it has rejected: a quarantine becomes the node's input."""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl.context import RunContext
from etl.dataset import Column, Dataset, commit, local_parts, open_dataset
from etl.errors import ConfigError, DataError, ETLError, TransientError
from etl.liveness import alive
from etl.messages import say
from etl.problems import Problem
from etl.raw_records import RECORD, raw_rows
from etl.sql import literal, quote
from etl.storage import Storage

if TYPE_CHECKING:
    import duckdb

    from etl.inputs import Inputs

# Beside the folders of the tries, which are numbers.
_FOLDER = "_replay"
_QUARANTINE = "quarantine"
MAX_CORRECTIONS = 1000

# By the index of a row in the quarantine, as text: the new values of some of its columns, in their
# SQL text form, or None for no value.
Corrections = Mapping[str, Mapping[str, str | None]]


def replayed_input(
    uri: str, corrections: Corrections, context: RunContext, *, raw: bool = False
) -> dict[str, Any]:
    """Return what stands for the result of the node that fed `context.node_id` at first.

    It holds the rows of the quarantine at `uri`, corrected, with the columns and types that they
    had; or, with `raw`, the records for an extractor to read again. Raise ETLError, naming the
    node, if that cannot be.
    """
    storage = Storage(context.staging)
    folder = (context.execution_id, context.node_id, _FOLDER, str(context.attempt))
    try:
        storage.remove(*folder)
        with alive(storage, context), _work_folder(storage, folder) as work:
            context.check_stop()
            quarantine = open_dataset(storage, uri)
            if not (quarantine.layouts if raw else quarantine.records):
                raise ConfigError(
                    say(
                        "the rows at {uri} cannot be replayed: what columns they had was not "
                        "kept. Execute the pipeline again instead.",
                        uri=uri,
                    )
                )
            dataset = _stage(storage, quarantine, corrections, context, folder, work)
            context.check_stop()
            commit(storage, folder, dataset)
    except ETLError as exc:
        exc.node = exc.node or context.node_id
        raise
    except OSError as exc:
        raise TransientError(
            say(
                "the rejected rows cannot be read: {error}. Check the disk and the "
                "network, then replay them again.",
                error=exc,
            ),
            node=context.node_id,
        ) from exc
    return {"uri": dataset.uri}


@contextmanager
def _work_folder(storage: Storage, folder: tuple[str, ...]) -> Iterator[Path]:
    if storage.is_local:
        work = storage.local_path(*folder)
        work.mkdir(parents=True, exist_ok=True)
        yield work.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="logidata-") as name:
        yield Path(name).resolve()


def _stage(
    storage: Storage,
    quarantine: Dataset,
    corrections: Corrections,
    context: RunContext,
    folder: tuple[str, ...],
    work: Path,
) -> Dataset:
    import duckdb

    from etl.duckdb_errors import reason, translate
    from etl.engine import Engine
    from etl.inputs import Inputs
    from etl.staging import stage

    parts = [path.resolve() for path in local_parts(storage, quarantine, work / "in")]
    tables = {_QUARANTINE: parts}
    with Engine(tables=tables, folder=work, memory_limit=context.memory_limit) as engine:
        inputs = Inputs({_QUARANTINE: quarantine}, engine)
        try:
            if quarantine.layouts:
                rows = raw_rows(inputs, parts, corrections)
            else:
                rows = _rows(inputs, parts, quarantine.records, corrections)
            dataset = stage(rows, inputs, storage, folder, work)
        except (duckdb.ConversionException, duckdb.InvalidInputException) as exc:
            raise DataError(
                say(
                    "its rejected rows cannot be made rows again: {reason}. Correct the "
                    "values that are given for them, or execute the pipeline again instead.",
                    reason=reason(exc),
                )
            ) from exc
        except (duckdb.OutOfMemoryException, duckdb.IOException) as exc:
            raise translate(exc, context.memory_limit) from exc
    if dataset.rows != quarantine.rows:
        raise DataError(
            say(
                "{rows} rows came of the {rejected} that were rejected. Nothing of them was "
                "used; replay them again, and report it if it comes back.",
                rows=dataset.rows,
                rejected=quarantine.rows,
            )
        )
    return replace(dataset, layouts=quarantine.layouts)


def _rows(
    inputs: "Inputs", parts: Sequence[Path], columns: Sequence[Column], corrections: Corrections
) -> "duckdb.DuckDBPyRelation":
    """Return the rows that the JSON of a quarantine describes, in their order."""
    structure = literal(json.dumps({column.name: "VARCHAR" for column in columns}))
    files = ", ".join(literal(str(path)) for path in parts)
    source = f"read_parquet([{files}], file_row_number = true)"
    old = f"from_json_strict(record, {structure}) AS old"
    if not corrections:
        items = ", ".join(_value(column, corrected=False) for column in columns)
        return inputs.query(f"SELECT {items} FROM (SELECT {old} FROM {source})")  # noqa: S608
    changed = {name for values in corrections.values() for name in values}
    items = ", ".join(_value(column, corrected=column.name in changed) for column in columns)
    values = ", ".join(
        f"({int(index)}, {literal(json.dumps(dict(new)))})" for index, new in corrections.items()
    )
    return inputs.query(
        f"SELECT {items} FROM ("  # noqa: S608
        f"SELECT {old}, from_json(patch, {structure}) AS new, json_keys(patch) AS given, "
        f"file_row_number AS place FROM {source} "
        f"LEFT JOIN (VALUES {values}) AS fixes(row_number, patch) ON row_number = file_row_number"
        ") ORDER BY place"
    )


def _value(column: Column, *, corrected: bool) -> str:
    name = literal(column.name)
    value = f"struct_extract(old, {name})"
    if corrected:
        # A value that is corrected to none differs from one that is not corrected.
        given = f"coalesce(list_contains(given, {name}), false)"
        value = f"CASE WHEN {given} THEN struct_extract(new, {name}) ELSE {value} END"
    return f"CAST({value} AS {column.type}) AS {quote(column.name)}"


def check_corrections(
    quarantine: Dataset, raw: object
) -> tuple[dict[str, dict[str, str | None]], list[Problem]]:
    """Return corrections as `replayed_input` takes them, and what is wrong with those given.

    `raw` is {index of a row: {column: new value}}, with JSON's simple values. A raw record is
    corrected as a whole, as the column `record`.
    """
    columns = (RECORD,) if quarantine.layouts else quarantine.records
    example = '{"record": "the raw record"}' if quarantine.layouts else '{"amount": "12.50"}'
    if not isinstance(raw, Mapping):
        return {}, [_problem("", say('Write them like {{"0": {example}}}.', example=example))]
    if len(raw) > MAX_CORRECTIONS:
        return {}, [
            _problem(
                "",
                say(
                    "{count} rows are corrected, and {max_corrections} can be. Correct the "
                    "data at its source, and execute the pipeline again.",
                    count=len(raw),
                    max_corrections=MAX_CORRECTIONS,
                ),
            )
        ]
    good: dict[str, dict[str, str | None]] = {}
    problems: list[Problem] = []
    if not raw:
        return good, problems
    import duckdb

    # A connection of its own: the one that duckdb shares is not for several threads.
    with duckdb.connect(":memory:") as database:
        for index, values in raw.items():
            place = str(index)
            if not _is_index(place, quarantine.rows):
                text = say(
                    "Correct the index: there is no row {place}; they are counted from 0 to "
                    "{rows}.",
                    place=place,
                    rows=quarantine.rows - 1,
                )
                problems.append(_problem(place, text))
            elif not isinstance(values, Mapping):
                problems.append(
                    _problem(place, say("Name columns, like {example}.", example=example))
                )
            else:
                new = good.setdefault(str(int(place)), {})
                problems += _read_row(database, place, values, columns, new)
    return good, problems


def _is_index(place: str, rows: int) -> bool:
    return place.isascii() and place.isdigit() and len(place) < 20 and int(place) < rows


def _read_row(
    database: "duckdb.DuckDBPyConnection",
    place: str,
    values: Mapping[Any, Any],
    columns: Sequence[Column],
    new: dict[str, str | None],
) -> Iterator[Problem]:
    known = {column.name.casefold(): column for column in columns}
    for name, value in values.items():
        where = f"{place}.{name}"
        column = known.get(str(name).casefold())
        if column is None:
            has = ", ".join(item.name for item in columns)
            yield _problem(
                where,
                say(
                    "There is no column '{name}' in the row, which has: {has}.", name=name, has=has
                ),
            )
        elif isinstance(value, Mapping | list):
            yield _problem(where, say("Write the value as a text, number, true, false or null."))
        elif value is None and column is RECORD:
            yield _problem(where, say("Write the whole record as a text; it cannot be none."))
        elif not _is_storable(text := _text(value)):
            yield _problem(
                where, say("Leave out the character U+0000, or half a pair: no text has it.")
            )
        else:
            fits = f"SELECT $1 IS NULL OR TRY_CAST($1 AS {column.type}) IS NOT NULL"
            row = database.execute(fits, [text]).fetchone()
            if row and row[0]:
                new[column.name] = text
            else:
                yield _problem(
                    where,
                    say(
                        "'{value}' is no {type}. Correct it.",
                        value=str(text)[:100],
                        type=column.type,
                    ),
                )


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def _is_storable(text: str | None) -> bool:
    """Whether Airflow and LogiData can keep a text: PostgreSQL's JSON takes neither of the two."""
    return text is None or text == text.replace("\0", "").encode("utf-8", "replace").decode()


def _problem(where: str, message: str) -> Problem:
    return Problem(None, f"records.{where}".rstrip("."), message)
