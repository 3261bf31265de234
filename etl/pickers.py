"""What an editor can offer for a field of a config, said in its JSON Schema as `x-picker`."""

from typing import Any

# By the `format` of the field.
_PICKERS = {
    "connection": "connection",
    "data-path": "file",
    "table": "table",
    "column": "column",
}


def with_pickers(schema: Any) -> Any:
    """Return a JSON Schema in which every field says what there is to choose from.

    `x-picker` is `connection`, `file`, `table`, `column`, or `columns` for a list of them. A field
    that may be null has that of its other form.
    """
    if isinstance(schema, list):
        return [with_pickers(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    told = {key: with_pickers(value) for key, value in schema.items()}
    picker = _picker(told)
    return {**told, "x-picker": picker} if picker else told


def _picker(schema: dict[str, Any]) -> str | None:
    # Of a property that is called "format" this is a schema, not a text.
    known = schema.get("format")
    if isinstance(known, str) and known in _PICKERS:
        return _PICKERS[known]
    items = schema.get("items")
    if isinstance(items, dict) and items.get("x-picker") == "column":
        return "columns"
    options = schema.get("anyOf")
    for option in options if isinstance(options, list) else ():
        if isinstance(option, dict) and isinstance(option.get("x-picker"), str):
            return str(option["x-picker"])
    return None
