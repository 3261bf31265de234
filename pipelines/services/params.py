"""What a pipeline's parameters may be: their types, and whether a value fits.

A spec is `{"type", "help", "required", "min", "max", "choices"}`; all but its type can be left out.
The defaults stand beside the specs, in `default_params`.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from etl.templates import RESERVED_PARAMS

MAX_HELP = 1000
MAX_CHOICES = 200


@dataclass(frozen=True)
class ParamType:
    """A type: what it is called in an error, how a value is read, and whether it has an order.

    `read` gives what values are compared by; it raises ValueError or TypeError for what is none.
    """

    called: str | Promise
    read: Callable[[Any], Any]
    ordered: bool = False


def _text(value: object) -> object:
    if not isinstance(value, str):
        raise TypeError
    return value


def _integer(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return value


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return value


def _boolean(value: object) -> object:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _date(value: object) -> object:
    if not isinstance(value, str) or len(value) != 10:
        raise TypeError
    return date.fromisoformat(value)


def _moment(value: object) -> object:
    if not isinstance(value, str) or len(value) < 16:
        raise TypeError
    found = datetime.fromisoformat(value)
    # One without an offset is meant in UTC.
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _anything(value: object) -> object:
    return value


TYPES: Mapping[str, ParamType] = {
    "string": ParamType(gettext_lazy("a text"), _text),
    "integer": ParamType(gettext_lazy("a whole number"), _integer, ordered=True),
    "number": ParamType(gettext_lazy("a number"), _number, ordered=True),
    "boolean": ParamType(gettext_lazy("true or false"), _boolean),
    "date": ParamType(gettext_lazy("a date such as '2024-05-31'"), _date, ordered=True),
    "datetime": ParamType(
        gettext_lazy("a time such as '2024-05-31T06:00:00Z'"), _moment, ordered=True
    ),
    "enum": ParamType(gettext_lazy("one of its choices"), _anything),
    "json": ParamType(gettext_lazy("any JSON"), _anything),
}
_KEYS = ("type", "help", "required", "min", "max", "choices")


def spec_problems(specs: object) -> Iterator[str]:
    """Yield what is wrong with the specs of a pipeline's parameters, given as any JSON value."""
    if not isinstance(specs, dict):
        yield (
            _(
                "The parameter types are no object. Write one such as "
                '{"min_amount": {"type": "number", "help": "Smaller ones are left out."}}.'
            )
        )
        return
    for name, spec in specs.items():
        who = _("Parameter '%(name)s'") % {"name": str(name)[:100]}
        if not str(name).isidentifier() or not str(name).isascii():
            yield _("%(who)s: its name is no identifier. Use letters, digits and underscores.") % {
                "who": who
            }
        elif name in RESERVED_PARAMS:
            yield _("%(who)s: its name has another meaning in templates. Choose another.") % {
                "who": who
            }
        elif not isinstance(spec, dict):
            yield _('%(who)s: its spec is no object. Write one such as {"type": "number"}.') % {
                "who": who
            }
        else:
            for problem in _problems_of_spec(spec):
                yield f"{who}: {problem}"


def _problems_of_spec(spec: Mapping[str, Any]) -> Iterator[str]:
    for key in spec:
        if key not in _KEYS:
            yield _("'%(key)s' is nothing that a spec has. Remove it: %(keys)s.") % {
                "key": str(key)[:100],
                "keys": ", ".join(_KEYS),
            }
    kind = spec.get("type")
    if not isinstance(kind, str) or kind not in TYPES:
        yield _("its type is none of %(types)s. Write one of them.") % {"types": ", ".join(TYPES)}
        return
    help_text = spec.get("help", "")
    if not isinstance(help_text, str) or len(help_text) > MAX_HELP:
        yield _(
            "its help is no text of at most %(max_help)s characters. Write one, or leave it out."
        ) % {"max_help": MAX_HELP}
    if not isinstance(spec.get("required", False), bool):
        yield _("'required' must be true or false.")
    yield from _problems_of_choices(kind, spec.get("choices"))
    yield from _problems_of_limits(kind, spec)


def _problems_of_choices(kind: str, choices: object) -> Iterator[str]:
    if kind != "enum":
        if choices is not None:
            yield _("'choices' are for the type enum, and this is %(kind)s. Remove them.") % {
                "kind": kind
            }
        return
    if not isinstance(choices, list) or not 0 < len(choices) <= MAX_CHOICES:
        yield _(
            'an enum needs its choices, at most %(max_choices)s. Write such as ["eu", "us"].'
        ) % {"max_choices": MAX_CHOICES}
    elif not all(isinstance(choice, str | int | float) for choice in choices):
        yield _("its choices must be texts, numbers, true or false.")
    elif len({json.dumps(choice) for choice in choices}) < len(choices):
        yield _("one of its choices is there twice. Remove it.")


def _problems_of_limits(kind: str, spec: Mapping[str, Any]) -> Iterator[str]:
    limits = {}
    for key in ("min", "max"):
        value = spec.get(key)
        if value is None:
            continue
        if not TYPES[kind].ordered:
            yield _(
                "'%(key)s' is for numbers, dates and times, and this is %(kind)s. Remove it."
            ) % {"key": key, "kind": kind}
            continue
        try:
            limits[key] = TYPES[kind].read(value)
        except (TypeError, ValueError):
            yield _("'%(key)s' must be %(called)s.") % {"key": key, "called": TYPES[kind].called}
    if len(limits) == 2 and limits["min"] > limits["max"]:
        yield _("'min' (%(min)s) is larger than 'max' (%(max)s). Exchange them.") % {
            "min": spec["min"],
            "max": spec["max"],
        }


def value_problem(spec: Mapping[str, Any], value: object) -> str | None:
    """Return what is wrong with a parameter's value, as the end of a sentence; None if it fits.

    `spec` must be a good one. Null fits where the parameter is not required.
    """
    kind = TYPES[spec["type"]]
    if value is None:
        return _("is required. Give it a value.") if spec.get("required") else None
    if spec["type"] == "enum":
        if json.dumps(value) in {json.dumps(choice) for choice in spec["choices"]}:
            return None
        listed = ", ".join(json.dumps(choice, ensure_ascii=False) for choice in spec["choices"])
        return _("is %(value)s, which is none of its choices. Give it one of %(listed)s.") % {
            "value": _shown(value),
            "listed": listed,
        }
    try:
        found = kind.read(value)
    except (TypeError, ValueError):
        return _("is %(value)s. Give it %(called)s.") % {
            "value": _shown(value),
            "called": kind.called,
        }
    if kind.ordered and spec.get("min") is not None and found < kind.read(spec["min"]):
        return _("is %(value)s. Give it at least %(min)s.") % {"value": value, "min": spec["min"]}
    if kind.ordered and spec.get("max") is not None and found > kind.read(spec["max"]):
        return _("is %(value)s. Give it at most %(max)s.") % {"value": value, "max": spec["max"]}
    return None


def required_by_specs(specs: Mapping[str, Any]) -> set[str]:
    """Return the names of the parameters that must have a value."""
    return {name for name, spec in specs.items() if spec.get("required")}


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return f"{text[:60]}…" if len(text) > 60 else text
