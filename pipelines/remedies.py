"""What to do about the errors that the REST framework words itself: it says only what is wrong."""

from django.utils.translation import gettext_lazy

_SCHEMA = gettext_lazy("GET /api/v1/schema says what fits.")
_REMEDIES = {
    "required": gettext_lazy("Send it."),
    "null": gettext_lazy("Send a value."),
    "blank": gettext_lazy("Send a text that is not empty."),
    "invalid": _SCHEMA,
    "invalid_choice": gettext_lazy("Choose one that GET /api/v1/schema lists."),
    "max_length": gettext_lazy("Shorten it."),
    "min_length": gettext_lazy("Lengthen it."),
    "max_value": gettext_lazy("Send a smaller one."),
    "min_value": gettext_lazy("Send a larger one."),
    "max_string_length": gettext_lazy("Shorten it."),
    "null_characters_not_allowed": gettext_lazy("Remove them."),
    "surrogate_characters_not_allowed": gettext_lazy("Remove them."),
}


def with_remedy(detail: object) -> str:
    """Return the text of an error with what to do next; errors of our own have said so."""
    remedy = _REMEDIES.get(getattr(detail, "code", ""), "")
    return f"{detail} {remedy}".rstrip()
