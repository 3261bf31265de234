"""From which columns of its tables a column of a SELECT comes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node, lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

from etl.dataset import Column

# A column of a table that the SELECT reads: (table, column).
Source = tuple[str, str]

_DIALECT = "duckdb"


def sources_of(
    query: str, columns: Sequence[str], tables: Mapping[str, Sequence[Column]]
) -> dict[str, frozenset[Source]] | None:
    """Return {output column: the columns of `tables` that its values are computed from}.

    None where the SQL cannot be followed. Columns that only decide which rows there are (in
    WHERE, in a join's condition) are no sources.
    """
    schema: dict[str, object] = {
        name: {column.name: column.type for column in content} for name, content in tables.items()
    }
    try:
        tree = qualify(
            sqlglot.parse_one(query, dialect=_DIALECT),
            dialect=_DIALECT,
            schema=schema,
            validate_qualify_columns=False,
        )
        scope = build_scope(tree)
        if scope is None:
            return None
        return {
            column: frozenset(_leaves(column, tree, schema, scope, tables)) for column in columns
        }
    except (SqlglotError, KeyError, ValueError, AttributeError, RecursionError):
        # Whatever it stumbles over, the columns' origin is then simply not known.
        return None


def _leaves(
    column: str,
    tree: Any,
    schema: dict[str, object],
    scope: Scope,
    tables: Mapping[str, Sequence[Column]],
) -> Iterator[Source]:
    name = exp.to_identifier(column, quoted=True).sql(dialect=_DIALECT)
    known = {table.casefold(): table for table in tables}
    root: Node = lineage(name, tree, schema=schema, scope=scope, dialect=_DIALECT)
    for node in root.walk():
        if node.downstream or not isinstance(node.source, exp.Table):
            continue
        table = known.get(node.source.name.casefold())
        leaf = exp.to_column(node.name, dialect=_DIALECT).name
        for named in tables[table] if table is not None else ():
            if named.name.casefold() == leaf.casefold():
                yield str(table), named.name
