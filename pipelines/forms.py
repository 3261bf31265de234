"""Forms of the admin: a pipeline, and the parameters of an execution."""

import json
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from pipelines.difference_admin import tables
from pipelines.errors import Problem
from pipelines.models import Pipeline, PipelineDraft, empty_graph
from pipelines.services import (
    FIELDS,
    Difference,
    Newest,
    difference_to,
    draft_of,
    find_problems,
    newest_of,
    pipeline_field,
)
from pipelines.services.fields import CRON_PRESETS, places

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


def _changed(pipeline: Pipeline, newest: Newest) -> str:
    when = date_format(localtime(newest.at), "DATETIME_FORMAT")
    said = {"name": pipeline.name, "who": newest.by or _("someone else"), "when": when}
    return (
        _(
            "Pipeline '%(name)s' was changed by %(who)s (%(when)s), which your page did not show. "
            "Nothing of yours is saved yet, and all of it is still here. Look at what differs, at "
            "the top of the page; then save over it, or open the page anew."
        )
        % said
    )


class TimeZoneInput(UnfoldAdminTextInputWidget):
    """A line that finds time zones by any part of their name."""

    def render(self, name: str, value: Any, *args: Any, **kwargs: Any) -> SafeString:
        """Return the line, and the list that the browser offers for it."""
        self.attrs |= {"list": f"{name}-offered", "autocomplete": "off", "spellcheck": "false"}
        offered = format_html_join(
            "", '<option value="{}"></option>', ((zone,) for zone in sorted(places()))
        )
        line = super().render(name, value, *args, **kwargs)
        return format_html('{}<datalist id="{}-offered">{}</datalist>', line, name, offered)


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

    config = PrettyJSONField(
        label=gettext_lazy("Graph"), initial=empty_graph, help_text=_GRAPH_HELP
    )
    schedule = forms.CharField(
        required=False,
        max_length=100,
        label=gettext_lazy("Schedule"),
        widget=UnfoldAdminTextInputWidget,
        help_text=format_lazy(
            gettext_lazy(
                "Cron, such as 0 6 * * 1-5 (minute, hour, day of month, month, day of week), or "
                "{presets}."
            ),
            presets=", ".join(CRON_PRESETS),
        ),
    )
    timezone = forms.CharField(
        initial=lambda: Pipeline().timezone,
        label=gettext_lazy("Time zone"),
        widget=TimeZoneInput,
        help_text=gettext_lazy(
            "The time zone that the schedule is meant in. Write a part of a city's name to find it."
        ),
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
        initial=dict,
        widget=UnfoldAdminTextareaWidget(attrs={"class": "json", "rows": 6, "spellcheck": "false"}),
        help_text=gettext_lazy(
            'A JSON object such as {"min_amount": 10}. Executions may give other values.'
        ),
    )
    param_specs = PrettyJSONField(
        label=gettext_lazy("Parameter types"),
        required=False,
        initial=dict,
        widget=UnfoldAdminTextareaWidget(attrs={"class": "json", "rows": 6, "spellcheck": "false"}),
        help_text=gettext_lazy(
            'What each parameter may be, such as {"min_amount": {"type": "number", "min": 0, '
            '"help": "Smaller ones are left out."}}. Types: string, integer, number, boolean, '
            "date, datetime, enum (with choices) and json. A required one without a default must "
            "be given with every execution."
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
        self.newest: Newest | None = None
        self._draft: PipelineDraft | None = None
        self.conflict: Difference | None = None
        if "seen" in self.fields and not self.instance._state.adding:
            self._draft = draft_of(self.instance)
            self.newest = newest_of(self.instance, self._draft)
            # Of what the form shows: a draft beside it is somebody's work that it knows nothing of.
            shown = self.instance.drawn_at or self.instance.updated_at
            self.fields["seen"].initial = shown.isoformat()

    def clean(self) -> Any:
        """Refuse to undo what someone else has saved since the form was shown.

        Unless `over` says that this is meant: it names the state that was shown beside the
        difference.
        """
        seen, newest = self.cleaned_data.get("seen"), self.newest
        if newest is not None and seen:
            now = newest.at.isoformat()
            if now not in (seen, self.data.get("over")):
                self.conflict = difference_to(newest, self.cleaned_data)
                raise ValidationError(_changed(self.instance, newest))
        return super().clean()

    @property
    def draft(self) -> PipelineDraft | None:
        """The draft that the form has shown, or is saved over; None for one that it has not."""
        known = (self.cleaned_data.get("seen"), self.data.get("over"))
        is_known = self._draft is not None and self._draft.saved_at.isoformat() in known
        return self._draft if is_known else None

    @property
    def is_outdated(self) -> bool:
        """Whether someone has saved since the form was shown."""
        return self.conflict is not None

    @property
    def difference(self) -> dict[str, Any]:
        """What leads from theirs to what was sent, as the templates draw it."""
        return tables(self.conflict or Difference())

    @property
    def sides(self) -> tuple[Any, Any]:
        """The names of the two."""
        return gettext_lazy("Theirs"), gettext_lazy("Yours")

    def clean_default_params(self) -> Any:
        """Take nothing for no defaults."""
        value = self.cleaned_data["default_params"]
        return {} if value is None else value

    def clean_param_specs(self) -> Any:
        """Take nothing for no types."""
        value = self.cleaned_data["param_specs"]
        return {} if value is None else value

    def _post_clean(self) -> None:
        """Add the service's findings, which need the whole pipeline."""
        super()._post_clean()  # type: ignore[misc]
        unread = [Problem(None, name, "") for name in self.errors]
        for problem in find_problems(self.instance, unless=unread):
            name = pipeline_field(problem)
            self.add_error(name if name in self.fields else None, problem.message)
