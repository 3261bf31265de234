"""Rows that an upsert cannot match: without a key, or with one that another row has too."""

from collections.abc import Sequence

from etl.databases.rejects import Faults
from etl.errors import DataError
from etl.inputs import Inputs
from etl.messages import say
from etl.quarantine import faulty_rows
from etl.sql import INPUT, literal, quote

_SHARED = "_logidata_shared_keys"


def faulty_keys(inputs: Inputs, keys: Sequence[str]) -> str | None:
    """Return the SQL condition that holds for the rows whose key is faulty; None if none is."""
    names = [quote(key) for key in keys]
    empty = " OR ".join(f"{name} IS NULL" for name in names)
    database = inputs.database()
    database.execute(
        f"CREATE OR REPLACE TEMP TABLE {_SHARED} AS SELECT {', '.join(names)}, count(*) AS rows"  # noqa: S608
        f" FROM {quote(INPUT)} WHERE NOT ({empty}) GROUP BY {', '.join(names)} HAVING count(*) > 1"
    )
    found = database.execute(
        f"SELECT (SELECT count(*) FROM {_SHARED}) > 0"  # noqa: S608
        f" OR EXISTS (SELECT 1 FROM {quote(INPUT)} WHERE {empty})"
    ).fetchone()
    if not found or not found[0]:
        return None
    return f"({empty} OR {_shared(names)})"


def _shared(names: Sequence[str]) -> str:
    same = " AND ".join(f"k.{name} = {quote(INPUT)}.{name}" for name in names)
    return f"EXISTS (SELECT 1 FROM {_SHARED} k WHERE {same})"  # noqa: S608


def refuse_keys(inputs: Inputs, keys: Sequence[str]) -> None:
    """Raise DataError if a key is empty or comes twice: which row should win is not ours to guess.

    For loads that set no row aside, after `faulty_keys` has found some.
    """
    names = [quote(key) for key in keys]
    empty = " OR ".join(f"{name} IS NULL" for name in names)
    found = inputs.select(["count(*)"], then=f"WHERE {empty}").fetchone()
    if found and found[0]:
        raise DataError(
            say(
                "{rows} rows have no value in the key {keys}. Keep them out with "
                "transform.filter, set them aside with max_rejected, or choose other keys.",
                rows=found[0],
                keys=", ".join(keys),
            ),
            field="config.keys",
        )
    texts = [f"CAST({name} AS VARCHAR)" for name in names]
    example = inputs.select([*texts, "rows"], source=_SHARED, then="LIMIT 1").fetchone()
    if example:
        key = ", ".join(f"{name} = {value}" for name, value in zip(keys, example, strict=False))
        raise DataError(
            say(
                "{rows} rows have the same key ({key}). Keep one of them with "
                "transform.aggregate or transform.sql, set them aside with max_rejected, or choose "
                "other keys.",
                rows=example[-1],
                key=key,
            ),
            field="config.keys",
        )


def reject_keys(inputs: Inputs, keys: Sequence[str], condition: str, faults: Faults) -> None:
    """Set the rows aside for which `condition`, the one of `faulty_keys`, holds."""
    names = [quote(key) for key in keys]
    empty = " ".join(
        f"WHEN {name} IS NULL THEN {literal(f'the key {key} has no value')}"
        for name, key in zip(names, keys, strict=True)
    )
    shared = literal(f"other rows have the same key {', '.join(keys)}")
    fields = " ".join(
        f"WHEN {name} IS NULL THEN {literal(key)}" for name, key in zip(names, keys, strict=True)
    )
    rows = faulty_rows(
        inputs,
        where=condition,
        reason=f"CASE {empty} ELSE {shared} END",
        field=f"CASE {fields} ELSE {literal(', '.join(keys))} END",
    )
    faults.add_rows(rows)
