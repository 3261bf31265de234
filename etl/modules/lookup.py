"""transform.lookup"""

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from etl.column_types import Constant, column_of, constant, require_one_type
from etl.columns import ColumnName, require_columns, require_new, unique_names
from etl.errors import DataError
from etl.inputs import Inputs
from etl.messages import say
from etl.module import Result, RunContext, Transformer
from etl.ordering import SortKey, named, ordering
from etl.quarantine import QuarantineConfig, faulty_rows
from etl.sql import INPUT, literal, quote

if TYPE_CHECKING:
    import duckdb

_LOOKUP = quote("lookup")


class Lookup(Transformer):
    """Add columns of a second input to the first, by key: each row goes on exactly once.

    An empty key is found nowhere. In the account the rows of the lookup count as removed. The
    rows come in no particular order.
    """

    key = "transform.lookup"
    title = "Look up"
    icon = "manage_search"
    keywords = "enrich, reference, vlookup, dimension"
    pure = True
    ports = ("input", "lookup")
    account = "removes"

    class Config(QuarantineConfig):
        """The settings of transform.lookup."""

        keys: list[ColumnName] = Field(
            min_length=1, description="Key columns of the input.", examples=[["country_code"]]
        )
        lookup_keys: list[ColumnName] = Field(
            default=[],
            json_schema_extra={"x-port": "lookup"},
            description="Key columns of the lookup, in the same order. Empty: named as the keys.",
        )
        columns: list[ColumnName] = Field(
            default=[],
            json_schema_extra={"x-port": "lookup"},
            description="Columns of the lookup to add. Empty: all but its keys.",
            examples=[["country_name"]],
        )
        prefix: str = Field(
            default="", max_length=100, description="Put before the names of the added columns."
        )
        duplicates: Literal["error", "first"] = Field(
            default="error",
            description="What to do if a key is in the lookup more than once: error stops the "
            "node, first takes the first row by order_by.",
        )
        order_by: list[SortKey] = Field(
            default=[],
            json_schema_extra={"x-port": "lookup"},
            description="What makes a row of the lookup the first. Equal ones go by their values.",
        )
        missing: Literal["null", "default", "reject"] = Field(
            default="null",
            description="What to do with a row whose key is not in the lookup: null leaves the "
            "added columns empty, default takes them from defaults, reject sets the row aside, up "
            "to max_rejected.",
        )
        defaults: dict[ColumnName, Constant] = Field(
            default={},
            json_schema_extra={"x-port": "lookup"},
            description="Values of added columns, named as in the lookup, for a missing key.",
            examples=[{"country_name": "unknown"}],
        )

        @model_validator(mode="after")
        def _belongs_together(self) -> "Lookup.Config":
            unique_names(self.columns)
            if self.lookup_keys and len(self.lookup_keys) != len(self.keys):
                raise ValueError(
                    say(
                        "There are {keys} keys but {lookup_keys} lookup keys. Name as many on "
                        "both sides",
                        keys=len(self.keys),
                        lookup_keys=len(self.lookup_keys),
                    )
                )
            if (self.missing == "default") != bool(self.defaults):
                raise ValueError(say("Set defaults and missing to default, or neither"))
            if self.order_by and self.duplicates != "first":
                raise ValueError(say("Only duplicates set to first has an order. Remove order_by"))
            return self

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Result:
        """Return the rows with the added columns.

        Raise ConfigError for columns that are missing or do not fit, and DataError for a key that
        is in the lookup more than once, if so told.
        """
        pairs = self._keys(inputs)
        added = self._added(inputs, [there for _, there in pairs])
        if self.config.duplicates == "error":
            _refuse_duplicates(inputs, [there for _, there in pairs])
        items = [f"{there} AS key_{n}" for n, (_, there) in enumerate(pairs)]
        items += [f"{quote(name)} AS value_{n}" for n, name in enumerate(added)]
        rows = (
            f"SELECT {', '.join(items)}, true AS found FROM {_LOOKUP} "  # noqa: S608
            f"{self._first(inputs, pairs)}"
        )
        matches = " AND ".join(f"i.{here} = r.key_{n}" for n, (here, _) in enumerate(pairs))
        join = "JOIN" if self.config.missing == "reject" else "LEFT JOIN"
        return Result(
            inputs.select(
                ["i.*", *self._values(inputs, added)],
                source=f"{INPUT} AS i {join} ({rows}) AS r ON {matches}",
            ),
            removed=inputs.select(["count(*)"], source=_LOOKUP),
            rejected=(lambda: _missing(inputs, pairs)) if self.config.missing == "reject" else None,
            rejects_from="input",
        )

    def _keys(self, inputs: Inputs) -> list[tuple[str, str]]:
        """Return the quoted names of each key in the input and in the lookup."""
        here, there = inputs["input"], inputs["lookup"]
        names = self.config.lookup_keys or self.config.keys
        require_columns(self.config.keys, here.column_names(), field="keys")
        require_columns(names, there.column_names(), field="lookup_keys", port=say("the lookup"))
        for a, b in zip(self.config.keys, names, strict=True):
            kinds: dict[str, str] = {
                say("the input"): column_of(here.columns, a).type,
                say("the lookup"): column_of(there.columns, b).type,
            }
            require_one_type(kinds, say("key '{name}'", name=a), field="keys")
        return [(quote(a), quote(b)) for a, b in zip(self.config.keys, names, strict=True)]

    def _added(self, inputs: Inputs, keys: list[str]) -> list[str]:
        """Return the columns to add, as the lookup writes them."""
        existing = inputs["lookup"].column_names()
        for field, names in (
            ("columns", self.config.columns),
            ("order_by", named(self.config.order_by)),
        ):
            require_columns(names, existing, field=field, port=say("the lookup"))
        known = {name.casefold(): name for name in existing}
        used = {key.casefold() for key in keys}
        added = [known[name.casefold()] for name in self.config.columns]
        added = added or [name for name in existing if quote(name).casefold() not in used]
        require_columns(list(self.config.defaults), added, field="defaults", port=say("the lookup"))
        names = [self.config.prefix + name for name in added]
        require_new(names, inputs["input"].column_names(), field="prefix")
        return added

    def _first(self, inputs: Inputs, pairs: list[tuple[str, str]]) -> str:
        if self.config.duplicates != "first":
            return ""
        keys = ", ".join(there for _, there in pairs)
        order = ordering(self.config.order_by, ties=inputs["lookup"].column_names())
        return f"QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY {order}) = 1"

    def _values(self, inputs: Inputs, added: list[str]) -> list[str]:
        defaults = {name.casefold(): value for name, value in self.config.defaults.items()}
        items = []
        for number, name in enumerate(added):
            value = f"r.value_{number}"
            if name.casefold() in defaults:
                column = column_of(inputs["lookup"].columns, name)
                default = constant(inputs, defaults[name.casefold()], column, field="defaults")
                value = f"CASE WHEN r.found THEN {value} ELSE {default} END"
            items.append(f"{value} AS {quote(self.config.prefix + name)}")
        return items


def _refuse_duplicates(inputs: Inputs, keys: list[str]) -> None:
    """Raise DataError if a key is in the lookup more than once."""
    listed = ", ".join(keys)
    known = " AND ".join(f"{key} IS NOT NULL" for key in keys)
    shown = ", ', ', ".join(f"left(CAST({key} AS VARCHAR), 100)" for key in keys)
    found = inputs.select(
        [f"concat({shown})", "count(*)", "count(*) OVER ()"],
        source=_LOOKUP,
        then=f"WHERE {known} GROUP BY {listed} HAVING count(*) > 1 ORDER BY 2 DESC, 1 LIMIT 1",
    ).fetchone()
    if found:
        raise DataError(
            say(
                "the lookup has duplicate keys ({count} in all), such as '{key}', which is in "
                "{rows} rows. Remove duplicates in an earlier node, or set duplicates to first.",
                count=found[2],
                key=found[0],
                rows=found[1],
            ),
            field="config.duplicates",
        )


def _missing(inputs: Inputs, pairs: list[tuple[str, str]]) -> "duckdb.DuckDBPyRelation":
    same = " AND ".join(f"r.{there} = {INPUT}.{here}" for here, there in pairs)
    empty = " OR ".join(f"{here} IS NULL" for here, _ in pairs)
    shown = ", ', ', ".join(f"left(CAST({here} AS VARCHAR), 100)" for here, _ in pairs)
    names = ", ".join(here[1:-1].replace('""', '"') for here, _ in pairs)
    return faulty_rows(
        inputs,
        where=f"NOT EXISTS (SELECT 1 FROM {_LOOKUP} AS r WHERE {same})",  # noqa: S608
        reason=f"CASE WHEN {empty} THEN 'the key is empty' "
        f"ELSE concat('''', {shown}, ''' is not in the lookup') END",
        field=literal(names),
    )
