"""Rows that a node keeps out for a fault of theirs: kept whole, with the reason, up to a limit."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from etl.dataset import Column, Dataset
from etl.errors import DataError
from etl.messages import say
from etl.module import ModuleConfig
from etl.results import Quarantined
from etl.sql import literal, quote

if TYPE_CHECKING:
    import duckdb

    from etl.inputs import Inputs

# What a quarantine holds of every row. `record` is the raw line of a file, or the row as JSON
# with every value in its SQL text form, which casts back to the column's type without loss.
COLUMNS = (
    Column("reason", "VARCHAR"),
    Column("field", "VARCHAR"),
    Column("file", "VARCHAR"),
    Column("line", "BIGINT"),
    Column("record", "VARCHAR"),
)

# The folder of the rejected rows within a try. No output is called so: outputs are identifiers.
REJECTED = "_rejected"

_SHARE = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*%")
_REASONS = 20


def _check_limit(value: int | str) -> int | str:
    if isinstance(value, str):
        share = _SHARE.fullmatch(value.strip())
        if share is None or float(share[1]) > 100:
            raise ValueError(
                say(
                    "'{value}' is no limit. Write a number of rows such as 100, or a share "
                    "of the rows such as '0.5%'",
                    value=value,
                )
            )
    elif value < 0:
        raise ValueError(say("A limit cannot be negative. Write 0 to accept no rejected row"))
    return value


RejectLimit = Annotated[int | str, AfterValidator(_check_limit)]


class QuarantineConfig(ModuleConfig):
    """Settings of a module that can set faulty rows aside instead of failing."""

    max_rejected: RejectLimit = Field(
        default=0,
        description="How many faulty rows may be set aside, as a number or as a share such as "
        "'1%'. With more the node fails; with 0 the first one fails it.",
        examples=[0, 100, "0.5%"],
    )


def accepts_rejects(config: ModuleConfig) -> bool:
    """Return whether a config lets any row be rejected at all."""
    limit = getattr(config, "max_rejected", 0)
    return _share(limit) > 0 if isinstance(limit, str) else limit > 0


def _share(limit: str) -> float:
    match = _SHARE.fullmatch(limit.strip())
    return float(match[1]) / 100 if match else 0.0


def allowed_rows(config: ModuleConfig, rows_in: int) -> int:
    """Return how many of `rows_in` rows a config lets be rejected."""
    limit = getattr(config, "max_rejected", 0)
    return int(_share(limit) * rows_in) if isinstance(limit, str) else int(limit)


def record_json(columns: Sequence[Column], *, table: str | None = None) -> str:
    """Return the SQL expression that writes a row as the JSON of a quarantine's `record`."""
    prefix = f"{quote(table)}." if table else ""
    pairs = ", ".join(
        f"{literal(column.name)}: CAST({prefix}{quote(column.name)} AS VARCHAR)"
        for column in columns
    )
    return f"CAST(to_json({{{pairs}}}) AS VARCHAR)"


def faulty_rows(
    inputs: "Inputs", *, where: str, reason: str, field: str = "NULL", port: str = "input"
) -> "duckdb.DuckDBPyRelation":
    """Return the rows of an input for which `where` holds, in the form of a quarantine.

    `where`, `reason` and `field` are SQL expressions over the input's columns.
    """
    return inputs.select(
        [
            f"CAST({reason} AS VARCHAR) AS reason",
            f"CAST({field} AS VARCHAR) AS field",
            "CAST(NULL AS VARCHAR) AS file",
            "CAST(NULL AS BIGINT) AS line",
            f"{record_json(inputs[port].columns)} AS record",
        ],
        source=quote(port),
        then=f"WHERE {where}",
    )


def summary(database: "duckdb.DuckDBPyConnection", part: Path, dataset: Dataset) -> Quarantined:
    """Return what a node's result says of its quarantine, a dataset whose part lies in `part`."""
    counts = database.read_parquet(str(part)).aggregate(
        "coalesce(reason, '') AS reason, coalesce(field, '') AS field, count(*) AS rows",
        "ALL",
    )
    reasons = counts.order("rows DESC, reason, field").limit(_REASONS).fetchall()
    return {
        "uri": dataset.uri,
        "rows": dataset.rows,
        "reasons": [{"reason": r, "field": f, "rows": n} for r, f, n in reasons],
        "data": [dict(record) for record in dataset.sample],
    }


class TooManyRejectedError(DataError):
    """More rows are faulty than the node accepts. `quarantine` says where they are."""

    def __init__(self, quarantine: Quarantined, rows_in: int, limit: int | str) -> None:
        reasons = "; ".join(
            f"{item['rows']} x {item['reason']}" for item in quarantine["reasons"][:3]
        )
        accepted = (
            say("max_rejected accepts {limit}", limit=limit) if limit else say("none is accepted")
        )
        super().__init__(
            say(
                "{rows} of {rows_in} rows are faulty, and {accepted}: {reasons}. Correct "
                "the data, or raise max_rejected to set such rows aside.",
                rows=quarantine["rows"],
                rows_in=rows_in,
                accepted=accepted,
                reasons=reasons,
            ),
            field="config.max_rejected",
        )
        self.quarantine = quarantine
