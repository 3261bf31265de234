"""What each field of a pipeline may hold, on its own."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from croniter import croniter
from django.utils.translation import gettext as _

from etl.templates import RESERVED_PARAMS
from pipelines.services.params import spec_problems

# Those that Airflow knows; croniter alone has others.
CRON_PRESETS = ("@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly")
MAX_DEPTH = 50
MAX_NODES, MAX_EDGES = 1000, 5000
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
# Airflow's own limit.
_MAX_TAG = 100
_LONGEST_TIMEOUT = 30 * 86_400
_TRIMMED = frozenset({"name", "description", "schedule"})
_RESERVED_TAG = re.compile(r"logidata\Z|revision:|sha256:")


def problems_of_field(name: str, value: object) -> Iterator[str]:
    """Yield what is wrong with one field's value; nothing when it is fine."""
    if said := unstorable(value):
        yield f"{_label(name)} {said}"
        return
    yield from _CHECKS[name](value)


def tidied(name: str, value: Any) -> Any:
    """Return a field's value as it is kept: no outer space, and line feeds between lines.

    A browser sends the lines of a form with other ends, and forms cut off outer space; neither is
    a change of the pipeline.
    """
    if name == "tags" and isinstance(value, list):
        return [tag.strip() if isinstance(tag, str) else tag for tag in value]
    if name == "timeout" and isinstance(value, int) and not isinstance(value, bool):
        # As the database gives it back. No float holds any whole number.
        return float(value) if 0 < value <= _LONGEST_TIMEOUT else value
    if name in _TRIMMED and isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n").strip()
    return value


def _name(value: object) -> Iterator[str]:
    if not isinstance(value, str) or not value.strip():
        yield _("A pipeline needs a name. Write one of at most 200 characters.")
    elif len(value) > 200:
        yield _("The name has %(count)s characters. Shorten it to at most 200.") % {
            "count": len(value)
        }
    elif _CONTROL.search(value):
        yield _("The name holds a control character, such as a line break. Remove it.")


def _description(value: object) -> Iterator[str]:
    if not isinstance(value, str):
        yield _("The description is no text. Write text, or leave it out.")
    elif len(value) > 10_000:
        yield _("The description has %(count)s characters. Shorten it to at most 10000.") % {
            "count": len(value)
        }


# Times that croniter draws anew at each look, as Jenkins does: H and R.
_RANDOM_TIME = re.compile(r"(?<![A-Z])[HR](?![A-Z])", re.IGNORECASE)


# The n-th of a weekday in its month, and the last day or weekday.
_IN_MONTH = re.compile(r"#|(?<![A-Z])L(?![A-Z])", re.IGNORECASE)


def _schedule(value: object) -> Iterator[str]:
    remedy = _(
        "Write five fields (minute, hour, day of month, month, day of week) such "
        "as '0 6 * * 1-5', one of %(cron_presets)s, or nothing for no schedule."
    ) % {"cron_presets": ", ".join(CRON_PRESETS)}
    if not isinstance(value, str):
        yield _("The schedule is no text. %(remedy)s") % {"remedy": remedy}
    elif value in {"", *CRON_PRESETS}:
        return
    elif len(value.split()) == 5 and _IN_MONTH.search(value) and not _comes(value):
        yield _(
            "The schedule %(value)r uses # or L in a way that Airflow does not support. Write them "
            "in the day of the week alone, such as '0 6 * * 1#1', with * for the day of the month."
        ) % {"value": value[:100]}
    elif (
        len(value.split()) != 5
        or len(value) > 100
        or _RANDOM_TIME.search(value)
        or not croniter.is_valid(value)
    ):
        yield _("The schedule %(value)r is no cron expression. %(remedy)s") % {
            "value": value[:100],
            "remedy": remedy,
        }
    elif not _comes(value):
        yield _("The schedule %(value)r names a date that never comes. %(remedy)s") % {
            "value": value,
            "remedy": remedy,
        }


def _comes(cron: str) -> bool:
    try:
        croniter(cron, datetime.now(UTC)).get_next()
    except (ValueError, AttributeError):
        # What croniter raises, for texts that it cannot read, too.
        return False
    return True


@cache
def timezones() -> frozenset[str]:
    """Return the names of all time zones; those that differ from host to host are none."""
    return frozenset(available_timezones()) - {"Factory", "localtime", "posixrules"}


def places() -> frozenset[str]:
    """Return the time zones to choose from: UTC, and places. Older names stay good."""
    return frozenset(
        name for name in timezones() if "/" in name and not name.startswith("Etc/")
    ) | {"UTC"}


def _timezone(value: object) -> Iterator[str]:
    if not isinstance(value, str) or value not in timezones():
        yield (
            _("The time zone %(value)r is unknown. Write a name such as 'UTC' or 'Europe/Berlin'.")
            % {"value": str(value)[:64]}
        )


def _timeout(value: object) -> Iterator[str]:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield _("The timeout is no number. Write seconds, or null for none.")
    elif not 0 < value <= _LONGEST_TIMEOUT:
        yield (
            _(
                "The timeout is %(value)g s. Write more than 0 and at most "
                "%(longest_timeout)s seconds (30 days), or null for none."
            )
            % {"value": max(-1e300, min(value, 1e300)), "longest_timeout": _LONGEST_TIMEOUT}
        )


def _is_active(value: object) -> Iterator[str]:
    if not isinstance(value, bool):
        yield _("Whether the pipeline is active must be true or false.")


def _default_params(value: object) -> Iterator[str]:
    if not isinstance(value, dict):
        yield _('The default parameters are no object. Write one such as {"min_amount": 10}.')
        return
    for key in value:
        if not isinstance(key, str) or not _IDENTIFIER.match(key):
            yield (
                _(
                    "The parameter name %(key)r is no identifier. Use letters, digits and "
                    "underscores, beginning with a letter."
                )
                % {"key": str(key)[:100]}
            )
        elif key in RESERVED_PARAMS:
            yield _(
                "The parameter name '%(key)s' has another meaning in templates. Choose another."
            ) % {"key": key}


def _tags(value: object) -> Iterator[str]:
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        yield _('The tags are no list of texts. Write one such as ["sales", "daily"].')
        return
    for tag in value:
        if not tag.strip() or len(tag) > _MAX_TAG or _CONTROL.search(tag) or "," in tag:
            yield (
                _(
                    "The tag %(tag)r cannot be used. Write 1 to %(max_tag)s printable "
                    "characters without a comma."
                )
                % {"tag": tag[:_MAX_TAG], "max_tag": _MAX_TAG}
            )
        elif _RESERVED_TAG.match(tag):
            yield _("The tag %(tag)r is one that LogiData sets itself. Choose another.") % {
                "tag": tag
            }
    if len(set(value)) < len(value):
        yield _("A tag is there twice. Remove one of them.")


def _config(value: object) -> Iterator[str]:
    """Refuse a graph that is too large to look at; `etl.validation` sees all the rest."""
    nodes, edges = (
        len(items) if isinstance(items, list) else 0
        for part in ("nodes", "edges")
        for items in [value.get(part) if isinstance(value, Mapping) else None]
    )
    if nodes > MAX_NODES:
        yield _(
            "The graph has %(count)s nodes, and a pipeline can have at most %(most)s. "
            "Split it into several pipelines."
        ) % {"count": nodes, "most": MAX_NODES}
    if edges > MAX_EDGES:
        yield _(
            "The graph has %(count)s edges, and a pipeline can have at most %(most)s. "
            "Split it into several pipelines."
        ) % {"count": edges, "most": MAX_EDGES}


_CHECKS: Mapping[str, Callable[[Any], Iterator[str]]] = {
    "name": _name,
    "description": _description,
    "config": _config,
    "schedule": _schedule,
    "timezone": _timezone,
    "timeout": _timeout,
    "is_active": _is_active,
    "default_params": _default_params,
    "param_specs": spec_problems,
    "tags": _tags,
}
FIELDS = tuple(_CHECKS)


def _label(name: str) -> str:
    return _("The field '%(name)s'") % {"name": name}


def unstorable(value: object) -> str | None:
    """Return why PostgreSQL could not store a JSON value, or None if it could."""
    level: list[object] = [value]
    for _level in range(MAX_DEPTH):
        for item in level:
            if isinstance(item, str) and _UNSTORABLE.search(item):
                return _(
                    "holds a character that cannot be stored (U+0000 or half a pair). Remove it."
                )
            if isinstance(item, float) and not math.isfinite(item):
                return _("holds a number that JSON does not have (NaN or Infinity). Use null.")
        level = [child for item in level for child in _children(item)]
        if not level:
            return None
    return _("is nested more than %(max_depth)s levels deep. Make it flatter.") % {
        "max_depth": MAX_DEPTH
    }


def _children(item: object) -> Iterator[object]:
    if isinstance(item, dict):
        yield from item.keys()
        yield from item.values()
    elif isinstance(item, list):
        yield from item
