"""What SQL from a user may say: one SELECT, or one expression, over the inputs of its node.

The engine is locked down as well (see `etl.engine`); this is the stricter of the two walls,
because the engine itself must be able to reach the staged files. DuckDB's own parser does the
reading, so that nothing can mean one thing here and another there.
"""

import re
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from etl.messages import Message, say
from etl.sql import INPUT, SQLRefusedError, dicts, parse

# The kinds of thing a FROM may hold. Whatever a newer DuckDB adds is refused until listed.
_TABLE_KINDS = {"BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EMPTY", "EXPRESSION_LIST"}
_TABLE_KINDS |= {"PIVOT"}

_TABLE_FUNCTIONS = {"unnest", "range", "generate_series", "json_each", "json_tree", "repeat"}

# Scalar functions that tell about, or reach beyond, the data: settings, logs, queries in text.
_FORBIDDEN_FUNCTIONS = {
    "current_setting",
    "getenv",
    "getvariable",
    "json_execute_serialized_sql",
    "json_serialize_plan",
    "nextval",
    "currval",
    "pg_sleep",
    "query",
    "query_table",
    "sleep_ms",
    "write_log",
}

# Every DuckDB has these tables. They tell its settings, and where the staged files lie.
_SYSTEM_PREFIXES = ("duckdb_", "pragma_", "pg_", "sqlite_")

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

# The tables that may be read; None for any.
Tables = frozenset[str] | None

# Characters. Longer SQL is checked each time, for it would take up memory.
_LONG = 20_000
# Of what somebody writes; longer SQL takes seconds to check.
_LONGEST = 100_000


def _once(check: Callable[[str, Tables], None]) -> Callable[[str, Tables], None]:
    """Remember what has passed: while somebody types, the SQL of all other nodes stays as it is."""
    remembered = lru_cache(maxsize=5000)(check)
    return lambda text, tables: (remembered if len(text) < _LONG else check)(text, tables)


def check_expression(text: str, *, tables: Collection[str] = (INPUT,)) -> str:
    """Return `text` if it is exactly one SQL expression over `tables`; else raise SQLRefusedError.

    The text is then safe to be put between parentheses, on lines of its own.
    """
    _check_expression(text, frozenset(tables))
    return text


@_once
def _check_expression(text: str, tables: Tables) -> None:
    statement = _only_statement(parse(f"SELECT\n{text}\n"), say("one SQL expression"))
    # Alone it must be complete, and between parentheses it must still be one expression:
    # this refuses a trailing semicolon, a clause, or a parenthesis closed too early.
    _only_statement(parse(f"SELECT (\n{text}\n)"), say("one SQL expression"))
    node = statement["node"]
    plain = (
        node["type"] == "SELECT_NODE"
        and len(node["select_list"]) == 1
        and node["from_table"]["type"] == "EMPTY"
        and not node["modifiers"]
        and not node["cte_map"]["map"]
        and not node["group_expressions"]
        and not node["group_sets"]
        and all(node[clause] is None for clause in ("where_clause", "having", "sample", "qualify"))
    )
    if not plain:
        raise SQLRefusedError(
            say(
                "This must be one SQL expression, without SELECT, FROM or other clauses. Write "
                "only the expression, such as amount > 0"
            )
        )
    expression = node["select_list"][0]
    if expression["alias"] or expression["class"] == "STAR":
        raise SQLRefusedError(
            say(
                "This must be one SQL expression that gives one value, without a name and "
                "without *. Write only the expression, such as amount * 2"
            )
        )
    _check_tree(statement, tables)


def check_query(text: str, *, tables: Collection[str] | None = None) -> str:
    """Return `text` if it is exactly one SELECT over `tables`; else raise SQLRefusedError.

    With `tables` None any plain table name passes: which exist is known only with the inputs.
    """
    _check_query(text, None if tables is None else frozenset(tables))
    return text


@_once
def _check_query(text: str, tables: Tables) -> None:
    _check_tree(_only_statement(parse(text), say("one SELECT")), tables)


def check_type(text: str) -> str:
    """Return `text` if it is one SQL type, such as DECIMAL(10, 2); else raise SQLRefusedError."""
    _check_type(text, frozenset())
    return text


@_once
def _check_type(text: str, tables: Tables) -> None:
    statement = _only_statement(parse(f"SELECT CAST(NULL AS {text}\n)"), say("one SQL type"))
    columns = statement["node"].get("select_list", [])
    expression = columns[0] if len(columns) == 1 else {}
    child = expression.get("child", {})
    if expression.get("class") != "CAST" or child.get("class") != "CONSTANT":
        raise SQLRefusedError(
            say("'{value}' is no SQL type. Write one such as BIGINT or DECIMAL(10, 2)", value=text)
        )
    _check_expression(f"CAST(NULL AS {text}\n)", tables)


def _only_statement(tree: dict[str, Any], wanted: Message) -> dict[str, Any]:
    statements = tree["statements"]
    if len(statements) != 1:
        raise SQLRefusedError(
            say(
                "This must be exactly {wanted}, not {count}. Correct it",
                wanted=wanted,
                count=len(statements),
            )
        )
    if statements[0]["named_param_map"]:
        raise SQLRefusedError(
            say(
                "The SQL holds a placeholder (? or $). Write the value, or "
                "{{{{ params.name }}}}, instead"
            )
        )
    statement: dict[str, Any] = statements[0]
    return statement


def _cte_names(statement: dict[str, Any]) -> set[str]:
    names = {
        entry["key"]
        for item in dicts(statement)
        if isinstance(item.get("cte_map"), dict)
        for entry in item["cte_map"]["map"]
    }
    for name in names:
        # Otherwise a CTE named like a file, or like a table of the system, would let that name
        # through outside of its own scope.
        if not _PLAIN_NAME.fullmatch(name) or name.casefold().startswith(_SYSTEM_PREFIXES):
            raise SQLRefusedError(
                say(
                    "The name '{name}' after WITH cannot be used. Use letters and digits, and "
                    "begin with none of {prefixes}",
                    name=name,
                    prefixes=", ".join(_SYSTEM_PREFIXES),
                )
            )
    return {name.casefold() for name in names}


def _check_tree(statement: dict[str, Any], tables: Collection[str] | None) -> None:
    ctes = _cte_names(statement)
    allowed = None if tables is None else {name.casefold() for name in tables} | ctes
    for item in dicts(statement):
        if "class" not in item and "sample" in item and "alias" in item:
            _check_table(item, allowed)
        if item.get("function_name", "").lower() in _FORBIDDEN_FUNCTIONS:
            raise SQLRefusedError(
                say("The function {name} is not available. Remove it", name=item["function_name"])
            )


def _check_table(item: dict[str, Any], allowed: set[str] | None) -> None:
    kind = item["type"]
    if kind not in _TABLE_KINDS:
        raise SQLRefusedError(
            say("DESCRIBE, SHOW and the like are not available here. Write a SELECT")
        )
    if kind == "TABLE_FUNCTION":
        name = item["function"].get("function_name", "").lower()
        if name not in _TABLE_FUNCTIONS:
            raise SQLRefusedError(
                say(
                    "The table function '{name}' is not available: SQL reads only the inputs of "
                    "its node. Bring other data in with a node that extracts it",
                    name=name,
                )
            )
    if kind == "BASE_TABLE":
        name = item["table_name"]
        plain = bool(_PLAIN_NAME.fullmatch(name)) if allowed is None else name.casefold() in allowed
        if item["schema_name"] or item["catalog_name"] or not plain:
            raise SQLRefusedError(_no_input(name, allowed))


def _no_input(name: str, allowed: set[str] | None) -> Message:
    if allowed is None:
        return say(
            "The table '{name}' is no input of this node. Connect a node that gives it, or "
            "correct the name",
            name=name,
        )
    return say(
        "The table '{name}' is no input of this node. It can read: {tables}. Connect a node that "
        "gives it, or correct the name",
        name=name,
        tables=", ".join(sorted(allowed)),
    )


SQLExpression = Annotated[
    str,
    Field(min_length=1, max_length=_LONGEST, json_schema_extra={"format": "sql-expression"}),
    AfterValidator(check_expression),
]
SQLQuery = Annotated[
    str,
    Field(min_length=1, max_length=_LONGEST, json_schema_extra={"format": "sql"}),
    AfterValidator(check_query),
]
SQLType = Annotated[str, Field(min_length=1), AfterValidator(check_type)]
