"""What type a column has that several files hold."""

from collections.abc import Callable, Mapping

from etl.errors import ConfigError
from etl.messages import say

_NUMBERS = ("BIGINT", "DOUBLE")
_TIMES = ("DATE", "TIMESTAMP")


def agreed_types(
    files: Mapping[str, Mapping[str, str]], has_values: Callable[[str, str], bool]
) -> dict[str, dict[str, str]]:
    """Return {file: {column: type}} such that the same column fits together across files.

    `files` holds the types that were guessed in each; `has_values(file, column)` says whether a
    column that was taken for text has any value. Raise ConfigError naming two files that differ.
    """
    agreed = {file: dict(types) for file, types in files.items()}
    for column in dict.fromkeys(name for types in files.values() for name in types):
        holding = {file: types[column] for file, types in files.items() if column in types}
        if len(set(holding.values())) == 1:
            continue
        texts = {file for file, kind in holding.items() if kind == "VARCHAR"}
        # A column without any value looks like text.
        empty = {file for file in texts if not has_values(file, column)}
        filled = {file: kind for file, kind in holding.items() if file not in empty}
        kinds = set(filled.values())
        if kinds <= set(_NUMBERS):
            common = "DOUBLE" if "DOUBLE" in kinds else "BIGINT"
            agreed.update({f: {**agreed[f], column: common} for f in holding})
        elif kinds <= set(_TIMES):
            # Each file keeps its own type, since it has its own way of writing dates.
            agreed.update({f: {**agreed[f], column: max(kinds)} for f in empty})
        elif len(kinds) == 1:
            agreed.update({f: {**agreed[f], column: next(iter(kinds))} for f in empty})
        else:
            raise _differ(column, filled)
    return agreed


def _differ(column: str, filled: Mapping[str, str]) -> ConfigError:
    (first, kind), *rest = filled.items()
    other = next(file for file, found in rest if found != kind)
    return ConfigError(
        say(
            "column '{column}' is {type} in '{file}', but {other_type} in '{other}'. Give its type "
            "under types, or read such files apart.",
            column=column,
            type=kind,
            file=first,
            other_type=filled[other],
            other=other,
        ),
        field="config.types",
    )
