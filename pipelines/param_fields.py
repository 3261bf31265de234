"""Form fields for the parameters of an execution, one for each type."""

import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.forms.fields import InvalidJSONInput
from django.utils.html import conditional_escape
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from pipelines.forms import PrettyJSONField

JSON_TEXT = {"class": "json", "rows": 4, "spellcheck": "false"}


class AnyValueField(forms.CharField):
    """A number, true, false, null or other JSON where it reads as such, else text."""

    widget = UnfoldAdminTextInputWidget

    def clean(self, value: Any) -> Any:
        """Return the value; None for an empty field."""
        text = super().clean(value)
        if text == "":
            return None
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text


class NumberField(forms.FloatField):
    """A number; a whole one stays whole."""

    def to_python(self, value: Any) -> Any:
        """Return an int where the text is one."""
        number = super().to_python(value)
        if number is None or not math.isfinite(number):
            return number
        try:
            return int(str(value).strip())
        except ValueError:
            return number


class DayField(forms.DateField):
    """A date, as `2024-05-31`."""

    widget = UnfoldAdminTextInputWidget(attrs={"type": "date"})

    def clean(self, value: Any) -> Any:
        """Return the date as text; None for an empty field."""
        day = super().clean(value)
        return day.isoformat() if day is not None else None


class MomentField(forms.DateTimeField):
    """A time in UTC, as `2024-05-31T06:00:00Z`."""

    widget = UnfoldAdminTextInputWidget(attrs={"type": "datetime-local", "step": "1"})

    def prepare_value(self, value: Any) -> Any:
        """Return what the browser's field takes: a time in UTC without its offset."""
        moment = _moment(value)
        return f"{moment:%Y-%m-%dT%H:%M:%S}" if moment is not None else value

    def to_python(self, value: Any) -> datetime | None:
        """Return the time, which is meant in UTC whatever time zone pages are shown in."""
        return _moment(value) if _moment(value) is not None else super().to_python(value)

    def clean(self, value: Any) -> Any:
        """Return the time as text, in the words of the field's own value if it is the same."""
        moment = super().clean(value)
        if moment is None:
            return None
        if moment == _moment(self.initial):
            return self.initial
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


class ChosenField(forms.ChoiceField):
    """One of some JSON values; each is told to the browser as its JSON."""

    def __init__(self, values: list[Any], *, labels: Mapping[Any, Any] | None = None) -> None:
        told = labels or {}
        choices = [(json.dumps(value), told.get(value, str(value))) for value in values]
        super().__init__(choices=[("", "---------"), *choices], widget=UnfoldAdminSelectWidget)

    def clean(self, value: Any) -> Any:
        """Return the value; None for an empty field."""
        text = super().clean(value)
        return json.loads(text) if text else None


def field_of_spec(
    spec: Mapping[str, Any], *, shown: Any, has_value: bool, required: bool
) -> forms.Field:
    """Return the field of a parameter with that spec, which shows the value that it has, if any.

    Left empty it gives None, but a text may be empty where it had a value.
    """
    field = _FIELDS[spec["type"]](spec, has_value)
    if has_value:
        field.initial = json.dumps(shown) if isinstance(field, ChosenField) else shown
    field.required = required
    field.help_text = conditional_escape(spec.get("help", ""))
    return field


def field_of_default(default: Any) -> forms.Field:
    """Return a field that fits a default's type, bool before int, which it is a kind of."""
    if isinstance(default, bool):
        return forms.BooleanField(initial=default, widget=UnfoldBooleanWidget)
    if isinstance(default, int | float):
        return NumberField(initial=default, widget=_number_widget())
    if isinstance(default, str):
        return forms.CharField(initial=default, strip=False, widget=UnfoldAdminTextInputWidget)
    return PrettyJSONField(initial=default, widget=UnfoldAdminTextareaWidget(attrs=JSON_TEXT))


def as_typed(value: Any) -> str:
    """Return what to type into an `AnyValueField` for a value."""
    if isinstance(value, str):
        try:
            json.loads(value)
        except (ValueError, RecursionError):
            return value
    return json.dumps(value, ensure_ascii=False)


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _text(spec: Mapping[str, Any], has_value: bool) -> forms.Field:
    empty = "" if has_value else None
    return forms.CharField(strip=False, empty_value=empty, widget=UnfoldAdminTextInputWidget)


def _boolean(spec: Mapping[str, Any], has_value: bool) -> forms.Field:
    if has_value:
        return forms.BooleanField(widget=UnfoldBooleanWidget)
    return ChosenField([True, False], labels={True: _("Yes"), False: _("No")})


def _number(spec: Mapping[str, Any], has_value: bool) -> forms.Field:
    limits: dict[str, Any] = {"min_value": spec.get("min"), "max_value": spec.get("max")}
    if spec["type"] == "integer":
        return forms.IntegerField(**limits, widget=UnfoldAdminDecimalFieldWidget)
    return NumberField(**limits, widget=_number_widget())


def _number_widget() -> Any:
    return UnfoldAdminDecimalFieldWidget(attrs={"step": "any"})


def _json(spec: Mapping[str, Any], has_value: bool) -> forms.Field:
    # Nothing is shown as nothing, rather than as null.
    return PrettyJSONField(
        initial=InvalidJSONInput(""), widget=UnfoldAdminTextareaWidget(attrs=JSON_TEXT)
    )


_FIELDS: Mapping[str, Callable[[Mapping[str, Any], bool], forms.Field]] = {
    "string": _text,
    "integer": _number,
    "number": _number,
    "boolean": _boolean,
    "date": lambda spec, has_value: DayField(),
    "datetime": lambda spec, has_value: MomentField(),
    "enum": lambda spec, has_value: ChosenField(spec["choices"]),
    "json": _json,
}
