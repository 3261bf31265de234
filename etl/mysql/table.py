"""A table of MySQL or MariaDB: what it is called, what it has, and making it."""

from collections.abc import Sequence
from dataclasses import dataclass

from etl.dataset import Column
from etl.errors import ConfigError
from etl.messages import say
from etl.mysql.session import Opened, fetch, run
from etl.mysql.types import column_type

MAX_NAME = 64


@dataclass(frozen=True)
class Table:
    """A table by schema (database) and name. `schema` None is the one of the connection."""

    schema: str | None
    name: str

    @classmethod
    def parse(cls, text: str) -> "Table":
        """Return the table that "orders" or "sales.orders" names; raise ValueError if none."""
        parts = text.split(".")
        fits = all(part.strip() and len(part) <= MAX_NAME for part in parts)
        if len(parts) > 2 or not fits or not text.isprintable():
            raise ValueError(
                say(
                    "'{value}' names no table. Write it as table or database.table, each at "
                    "most {max_name} characters long",
                    value=text,
                    max_name=MAX_NAME,
                )
            )
        return cls(parts[0] if len(parts) == 2 else None, parts[-1])

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name

    @property
    def sql(self) -> str:
        """The quoted name for a statement."""
        return f"{quote(self.schema)}.{quote(self.name)}" if self.schema else quote(self.name)

    def sibling(self, name: str) -> "Table":
        """Return another table in the same schema."""
        return Table(self.schema, name)


def quote(name: str) -> str:
    """Return `name` as a quoted identifier of MySQL, for statements without parameters."""
    return "`" + name.replace("`", "``") + "`"


def identifiers(names: Sequence[str]) -> str:
    """Return names as a quoted list for a statement."""
    return ", ".join(map(quote, names))


# In the information schema: which rows are about the table.
OF_TABLE = "table_schema = coalesce(%s, database()) AND table_name = %s"


def existing_columns(opened: Opened, table: Table) -> list[str] | None:
    """Return the names of a table's writable columns, or None if there is no such table."""
    rows = fetch(
        opened,
        f"SELECT column_name FROM information_schema.columns WHERE {OF_TABLE}"  # noqa: S608
        " AND coalesce(generation_expression, '') = '' ORDER BY ordinal_position",
        [table.schema, table.name],
    )
    return [row[0] for row in rows] or None


def check_engine(opened: Opened, table: Table) -> None:
    """Raise ConfigError if the table knows no transactions."""
    rows = fetch(
        opened,
        f"SELECT engine FROM information_schema.tables WHERE {OF_TABLE}",  # noqa: S608
        [table.schema, table.name],
    )
    if rows and rows[0][0] and rows[0][0] != "InnoDB":
        raise ConfigError(
            say(
                "table {table} is kept by the engine {engine}, which has no transactions, "
                "so a load that fails would leave a part of its rows. Convert it to "
                "InnoDB.",
                table=table,
                engine=rows[0][0],
            )
        )


def create(opened: Opened, table: Table, columns: Sequence[Column], keys: Sequence[str]) -> None:
    """Make a table, with `keys` as its primary key."""
    items = [definition(column, key=column.name in keys) for column in columns]
    if keys:
        items.append(f"PRIMARY KEY ({identifiers(keys)})")
    # Texts are compared as they are: a and A are two.
    run(
        opened,
        f"CREATE TABLE IF NOT EXISTS {table.sql} ({', '.join(items)})"
        " ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    )


def definition(column: Column, *, key: bool = False) -> str:
    """Return the name and type of a new column; raise ConfigError if the name is too long."""
    if len(column.name) > MAX_NAME:
        raise ConfigError(
            say(
                "column '{name}' is longer than the {max_name} characters that MySQL "
                "allows. Rename it with transform.select.",
                name=column.name,
                max_name=MAX_NAME,
            )
        )
    return f"{quote(column.name)} {column_type(column.type, key=key)}"


def cascade(opened: Opened, table: Table) -> tuple[str, str] | None:
    """Return (foreign key, table) that would change another table when rows are deleted here."""
    rows = fetch(
        opened,
        "SELECT constraint_name, table_name FROM information_schema.referential_constraints"
        " WHERE unique_constraint_schema = coalesce(%s, database()) AND referenced_table_name = %s"
        " AND delete_rule IN ('CASCADE', 'SET NULL', 'SET DEFAULT') LIMIT 1",
        [table.schema, table.name],
    )
    return (rows[0][0], rows[0][1]) if rows else None


def has_ties(opened: Opened, table: Table) -> bool:
    """Return whether foreign keys or triggers tie the table, which no copy of it would have."""
    rows = fetch(
        opened,
        "SELECT 1 FROM information_schema.referential_constraints WHERE"
        " (constraint_schema = coalesce(%s, database()) AND table_name = %s) OR"
        " (unique_constraint_schema = coalesce(%s, database()) AND referenced_table_name = %s)"
        " UNION ALL SELECT 1 FROM information_schema.triggers WHERE"
        " event_object_schema = coalesce(%s, database()) AND event_object_table = %s LIMIT 1",
        [table.schema, table.name] * 3,
    )
    return bool(rows)
