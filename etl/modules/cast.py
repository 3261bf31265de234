"""transform.cast"""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from etl.columns import ColumnName, require_columns
from etl.inputs import Inputs
from etl.module import Result, RunContext, Transformer
from etl.quarantine import QuarantineConfig, faulty_rows
from etl.sql import literal, quote
from etl.sql_checks import SQLType

if TYPE_CHECKING:
    import duckdb


class Cast(Transformer):
    """Give columns other types, with a say in what becomes of values that do not fit.

    The other columns stay as they are, and all keep their place.
    """

    key = "transform.cast"
    title = "Cast"
    icon = "swap_horiz"
    keywords = "convert, type, format, date, number"
    pure = True
    account = "keeps"

    class Config(QuarantineConfig):
        """The settings of transform.cast."""

        types: dict[ColumnName, SQLType] = Field(
            min_length=1,
            description="New types of columns.",
            examples=[{"amount": "DECIMAL(10, 2)", "ordered_at": "TIMESTAMP"}],
        )
        on_error: Literal["reject", "null"] = Field(
            default="reject",
            description="What becomes of a value that does not fit: reject sets its row aside, up "
            "to max_rejected; null leaves the value out.",
        )

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Result:
        """Return the rows whose values fit; raise ConfigError for a column that is not there."""
        existing = inputs["input"].column_names()
        require_columns(list(self.config.types), existing, field="types")
        types = {name.casefold(): kind for name, kind in self.config.types.items()}
        items = [
            f"{_try(name, types[name.casefold()])} AS {quote(name)}"
            if name.casefold() in types
            else quote(name)
            for name in existing
        ]
        if self.config.on_error == "null":
            return Result(inputs.select(items))
        cast = [name for name in existing if name.casefold() in types]
        fits = " AND ".join(f"NOT {_fails(name, types[name.casefold()])}" for name in cast)
        return Result(
            inputs.select(items, then=f"WHERE {fits}"),
            rejected=lambda: self._rejected(inputs, {n: types[n.casefold()] for n in cast}),
        )

    def _rejected(self, inputs: Inputs, types: dict[str, str]) -> "duckdb.DuckDBPyRelation":
        fails = {name: _fails(name, kind) for name, kind in types.items()}
        reasons = " ".join(
            f"WHEN {fails[name]} THEN concat('''', left(CAST({quote(name)} AS VARCHAR), 100),"
            f" ''' is no {kind.replace(chr(39), chr(39) * 2)}')"
            for name, kind in types.items()
        )
        fields = " ".join(f"WHEN {fails[name]} THEN {literal(name)}" for name in types)
        return faulty_rows(
            inputs,
            where=" OR ".join(fails.values()),
            reason=f"CASE {reasons} END",
            field=f"CASE {fields} END",
        )


def _try(name: str, kind: str) -> str:
    return f"TRY_CAST({quote(name)} AS {kind}\n)"


def _fails(name: str, kind: str) -> str:
    return f"({quote(name)} IS NOT NULL AND {_try(name, kind)} IS NULL)"
