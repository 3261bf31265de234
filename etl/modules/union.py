"""transform.union"""

from typing import Literal

from pydantic import Field

from etl.accounting import repeated
from etl.column_types import require_one_type
from etl.columns import unused_name
from etl.dataset import Column
from etl.errors import ConfigError
from etl.inputs import Inputs
from etl.messages import say
from etl.module import ModuleConfig, Result, RunContext, Transformer
from etl.sql import quote

# A column of the output: its name, and the column of each input that goes there, by port.
_Line = tuple[str, dict[str, Column]]


class Union(Transformer):
    """Put the rows of any number of inputs below each other.

    Columns belong together by their names, whatever their case, or by their positions, and are
    named as in the first input that has them. Types must go together without changing a value.
    """

    key = "transform.union"
    title = "Union"
    icon = "call_merge"
    keywords = "merge, append, concatenate, stack"
    pure = True
    ports = ()
    variadic = True
    account = "removes"

    class Config(ModuleConfig):
        """The settings of transform.union."""

        by: Literal["name", "position"] = Field(
            default="name",
            title="Match columns by",
            description="How columns of different inputs belong together.",
        )
        rows: Literal["all", "distinct"] = Field(
            default="all",
            title="Rows to keep",
            description="all keeps every row; distinct one of those that are the same, within and "
            "between inputs, in no particular order.",
        )
        missing: Literal["error", "null"] = Field(
            default="error",
            title="Missing columns",
            description="What to do if an input lacks a column that another one has: error stops "
            "the node, null leaves its values empty.",
        )

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Result:
        """Return all rows; raise ConfigError where columns are missing or do not go together."""
        columns = {port: list(inputs[port].columns) for port in inputs}
        lines = _by_name(columns) if self.config.by == "name" else _by_position(columns)
        for name, found in lines:
            if self.config.missing == "error":
                _require_everywhere(name, found, list(columns))
            require_one_type(
                {f"'{port}'": column.type for port, column in found.items()},
                say("column '{name}'", name=name),
            )
        every = " UNION ALL ".join(_select(port, lines) for port in columns)
        if self.config.rows == "all":
            return Result(inputs.query(every), removed=0)
        return Result(
            inputs.select(["DISTINCT *"], source=f"({every})"),
            removed=repeated(inputs, [name for name, _ in lines], source=f"({every})"),
        )


def _by_name(columns: dict[str, list[Column]]) -> list[_Line]:
    lines: dict[str, _Line] = {}
    for port, present in columns.items():
        for column in present:
            _, found = lines.setdefault(column.name.casefold(), (column.name, {}))
            found[port] = column
    return list(lines.values())


def _by_position(columns: dict[str, list[Column]]) -> list[_Line]:
    lines: list[_Line] = []
    for port, present in columns.items():
        for place, column in enumerate(present):
            if place == len(lines):
                name = unused_name(column.name, [name for name, _ in lines])
                lines.append((name, {}))
            lines[place][1][port] = column
    return lines


def _require_everywhere(name: str, found: dict[str, Column], ports: list[str]) -> None:
    without = [f"'{port}'" for port in ports if port not in found]
    if without:
        raise ConfigError(
            say(
                "column '{name}' is in {ports}, but not in {without}. Bring it along there, or "
                "set missing to null.",
                name=name,
                ports=", ".join(repr(port) for port in found),
                without=", ".join(without),
            ),
            field="config.missing",
        )


def _select(port: str, lines: list[_Line]) -> str:
    items = [
        f"{quote(found[port].name) if port in found else 'NULL'} AS {quote(name)}"
        for name, found in lines
    ]
    return f"SELECT {', '.join(items)} FROM {quote(port)}"  # noqa: S608
