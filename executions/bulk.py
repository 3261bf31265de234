"""Many rows with values of their own in one UPDATE."""

import json
from collections.abc import Mapping
from typing import Any, cast

from django.db import connection
from django.db.models import Field, JSONField, Model

Values = Mapping[str, Any]


def update_rows(model: type[Model], rows: Mapping[Any, Values]) -> None:
    """Set the values of each row, given by primary key.

    Rows that set the same fields share a statement, where Django's `bulk_update` would write a
    condition for each row and field.
    """
    alike: dict[tuple[str, ...], dict[Any, Values]] = {}
    for pk, values in rows.items():
        alike.setdefault(tuple(values), {})[pk] = values
    for names, group in alike.items():
        if len(group) == 1:
            for pk, values in group.items():
                model._default_manager.filter(pk=pk).update(**values)
        else:
            fields = [_field(model, name) for name in names]
            columns = {
                field: [_plain(field, row[name]) for row in group.values()]
                for field, name in zip(fields, names, strict=True)
            }
            _update(model, list(group), columns)


def _plain(field: "Field[Any, Any]", value: Any) -> Any:
    """Return the value as an array can hold it: JSON as its text."""
    if isinstance(field, JSONField) and value is not None:
        return json.dumps(value, cls=field.encoder)
    return field.get_prep_value(value)


def _update(
    model: type[Model], pks: list[Any], columns: Mapping["Field[Any, Any]", list[Any]]
) -> None:
    key, quote = _field(model, "pk"), connection.ops.quote_name
    names = [quote(str(field.column)) for field in (key, *columns)]
    arrays = ", ".join(_array(field) for field in (key, *columns))
    changes = ", ".join(f"{name} = new.{name}" for name in names[1:])
    # Names of the model's own, no text of anybody's.
    sql = (
        f"UPDATE {quote(model._meta.db_table)} AS old SET {changes} "  # noqa: S608
        f"FROM unnest({arrays}) AS new({', '.join(names)}) WHERE old.{names[0]} = new.{names[0]}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [pks, *columns.values()])


def _array(field: "Field[Any, Any]") -> str:
    as_text = "::text[]" if isinstance(field, JSONField) else ""
    return f"%s{as_text}::{field.db_type(connection)}[]"


def _field(model: type[Model], name: str) -> "Field[Any, Any]":
    found = model._meta.pk if name == "pk" else model._meta.get_field(name)
    return cast("Field[Any, Any]", found)
