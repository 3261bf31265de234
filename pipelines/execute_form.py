"""The form for the parameters of an execution."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pipelines.models import PipelineRevision
from pipelines.param_fields import (
    AnyValueField,
    as_typed,
    field_of_default,
    field_of_spec,
)
from pipelines.services import known_params, required_params

_TEXTS = (forms.CharField, forms.BooleanField)


class ExecuteForm(forms.Form):
    """One field a parameter, filled in with what is `given`, or with the default.

    A parameter with a spec has a field of its type, any other one that fits its default.
    """

    def __init__(
        self,
        *args: Any,
        revision: PipelineRevision | None,
        given: Mapping[str, Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        snapshot = revision.snapshot if revision is not None else {}
        self._defaults: Mapping[str, Any] = snapshot.get("default_params", {})
        self._specs: Mapping[str, Any] = snapshot.get("param_specs", {})
        self._given = given
        required = required_params(snapshot.get("config"), self._defaults, self._specs)
        for name in sorted(known_params(snapshot)) if snapshot else ():
            field = self._field(name, required=name in required)
            field.label = name
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

    def _field(self, name: str, *, required: bool) -> forms.Field:
        if name in self._specs:
            shown = {**self._defaults, **self._given}
            field = field_of_spec(
                self._specs[name],
                shown=shown.get(name),
                has_value=name in shown,
                required=required,
            )
        elif name in self._defaults:
            field = field_of_default(self._defaults[name])
            field.initial = self._given.get(name, field.initial)
            field.required = required
        else:
            field = AnyValueField(strip=False, required=required)
            field.help_text = _("Text, a number, true, false, or other JSON.")
            if name in self._given:
                field.initial = as_typed(self._given[name])
        if name in self._defaults and not isinstance(field, _TEXTS):
            field.help_text = " ".join(
                filter(None, (str(field.help_text), str(_("Leave it empty for the default."))))
            )
        return field

    def _typed(self, name: str) -> bool:
        widget = self.fields[name].widget
        return bool(widget.value_from_datadict(self.data, self.files, self.add_prefix(name)))
