"""Forms of the admin: a pipeline, and the parameters of an execution."""

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from pipelines.errors import PipelineChanged, Problem
from pipelines.models import Pipeline
from pipelines.services import FIELDS, find_problems, pipeline_field, used_params
from pipelines.services.fields import CRON_PRESETS, timezones

# Generic for the type checker only.
if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Pipeline]
else:
    _ModelForm = forms.ModelForm

_GRAPH_HELP = gettext_lazy(
    "Nodes and the edges between them, as JSON. Every node has an id, a module and the module's "
    "config; /api/v1/modules lists the modules and what their config may hold. In a config, "
    "{{ params.name }} stands for a parameter of the execution."
)


class PrettyJSONField(forms.JSONField):
    """JSON, shown indented."""

    widget = UnfoldAdminTextareaWidget(attrs={"class": "json", "rows": 24, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        """Return the text to edit; what was no JSON is shown as it was typed."""
        if isinstance(value, InvalidJSONInput):
            return value
        return json.dumps(value, indent=2, ensure_ascii=False)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return what was typed, just as it was typed."""
        return InvalidJSONInput(data or "")

    def to_python(self, value: Any) -> Any:
        """Return the value that the text holds; say where it stops being JSON."""
        if value in self.empty_values:
            return None
        try:
            return json.loads(value)
        except json.JSONDecodeError as error:
            raise ValidationError(
                _(
                    "This is not JSON: %(problem)s in line %(line)d, column %(column)d. "
                    "Correct it there."
                ),
                params={"problem": error.msg, "line": error.lineno, "column": error.colno},
            ) from error
        except ValueError as error:
            # An integer of thousands of digits.
            raise ValidationError(_("This holds a number that is too long. Shorten it.")) from error
        except RecursionError as error:
            raise ValidationError(_("This is nested too deeply. Make it flatter.")) from error


class TagsField(forms.CharField):
    """Tags, separated by commas."""

    def prepare_value(self, value: Any) -> Any:
        """Return the tags as one text."""
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        """Return the tags as a list."""
        return [tag.strip() for tag in super().clean(value).split(",") if tag.strip()]


class PipelineForm(_ModelForm):
    """A pipeline; every problem of it is shown beside its field, all at once."""

    config = PrettyJSONField(label=gettext_lazy("Graph"), help_text=_GRAPH_HELP)
    schedule = forms.CharField(
        required=False,
        max_length=100,
        label=gettext_lazy("Schedule"),
        widget=UnfoldAdminTextInputWidget,
        help_text=format_lazy(
            gettext_lazy(
                "When Airflow starts the pipeline by itself: five cron fields (minute, hour, day "
                "of month, month, day of week) such as 0 6 * * 1-5, or one of {presets}. "
                "Empty: only when someone executes it."
            ),
            presets=", ".join(CRON_PRESETS),
        ),
    )
    timezone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        widget=UnfoldAdminSelectWidget,
        choices=lambda: [(name, name) for name in sorted(timezones())],
        help_text=gettext_lazy("The time zone that the schedule is meant in."),
    )
    timeout = forms.FloatField(
        required=False,
        label=gettext_lazy("Timeout"),
        widget=UnfoldAdminDecimalFieldWidget,
        help_text=gettext_lazy(
            "Seconds after which an execution is stopped, and fails. Empty: none."
        ),
    )
    default_params = PrettyJSONField(
        label=gettext_lazy("Default parameters"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"class": "json", "rows": 6, "spellcheck": "false"}),
        help_text=gettext_lazy(
            'A JSON object such as {"min_amount": 10}. Executions may give other values.'
        ),
    )
    tags = TagsField(
        required=False,
        label=gettext_lazy("Tags"),
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Separated by commas. Airflow shows them too."),
    )
    # When what the form shows was saved: it sends all fields, also those that nobody touched.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Pipeline
        fields = FIELDS
        labels = {
            "name": gettext_lazy("Name"),
            "description": gettext_lazy("Description"),
            "is_active": gettext_lazy("Active"),
        }
        widgets = {"description": UnfoldAdminTextareaWidget(attrs={"rows": 3})}
        help_texts = {
            "is_active": gettext_lazy(
                "Only an active pipeline can be executed and follows its schedule."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "seen" in self.fields and not self.instance._state.adding:
            self.fields["seen"].initial = self.instance.updated_at.isoformat()

    def clean(self) -> Any:
        """Refuse to undo what someone else has saved since the form was shown."""
        seen = self.cleaned_data.get("seen")
        if seen and seen != self.fields["seen"].initial:
            raise ValidationError(PipelineChanged(self.instance.name).detail)
        return super().clean()

    def clean_default_params(self) -> Any:
        """Take nothing for no defaults."""
        value = self.cleaned_data["default_params"]
        return {} if value is None else value

    def _post_clean(self) -> None:
        """Add the service's findings, which need the whole pipeline."""
        super()._post_clean()  # type: ignore[misc]
        unread = [Problem(None, name, "") for name in self.errors]
        for problem in find_problems(self.instance, unless=unread):
            name = pipeline_field(problem)
            self.add_error(name if name in self.fields else None, problem.message)


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


class ExecuteForm(forms.Form):
    """One field a parameter, filled in with what is `given`, or with the default."""

    def __init__(
        self,
        *args: Any,
        config: object,
        defaults: Mapping[str, Any],
        required: set[str],
        given: Mapping[str, Any],
        **kwargs: Any,
    ) -> None:
        initial = {
            name: value if name in defaults else _as_typed(value) for name, value in given.items()
        }
        super().__init__(*args, **{**kwargs, "initial": initial})
        for name in sorted({*defaults, *used_params(config)}):
            field = _field_for(defaults[name]) if name in defaults else AnyValueField(strip=False)
            field.required = name in required
            field.label = name
            if name not in defaults:
                field.help_text = _("Text, a number, true, false, or other JSON.")
            elif isinstance(field, NumberField | PrettyJSONField):
                field.help_text = _("Leave it empty for the default.")
            self.fields[name] = field

    def params(self) -> dict[str, Any]:
        """Return the parameters to execute with.

        Left out, so that the default counts, if there is one, is what was left empty; but a text
        may be empty, and JSON may say null.
        """
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if value is not None or self._typed(name)
        }

    def _typed(self, name: str) -> bool:
        widget = self.fields[name].widget
        return bool(widget.value_from_datadict(self.data, self.files, self.add_prefix(name)))


def _as_typed(value: Any) -> str:
    """Return what to type into an `AnyValueField` for a value."""
    if isinstance(value, str):
        try:
            json.loads(value)
        except (ValueError, RecursionError):
            return value
    return json.dumps(value, ensure_ascii=False)


def _field_for(default: Any) -> forms.Field:
    """Return a field that fits a default's type, bool before int, which it is a kind of."""
    if isinstance(default, bool):
        return forms.BooleanField(initial=default, widget=UnfoldBooleanWidget)
    if isinstance(default, int | float):
        return NumberField(
            initial=default, widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "any"})
        )
    if isinstance(default, str):
        return forms.CharField(initial=default, strip=False, widget=UnfoldAdminTextInputWidget)
    widget = UnfoldAdminTextareaWidget(attrs={"class": "json", "rows": 4})
    return PrettyJSONField(initial=default, widget=widget)
