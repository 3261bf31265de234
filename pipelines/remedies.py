"""What to do about the errors that the REST framework words itself: it says only what is wrong."""

_SCHEMA = "GET /api/v1/schema says what fits."
_REMEDIES = {
    "required": "Send it.",
    "null": "Send a value.",
    "blank": "Send a text that is not empty.",
    "invalid": _SCHEMA,
    "invalid_choice": "Choose one that GET /api/v1/schema lists.",
    "max_length": "Shorten it.",
    "min_length": "Lengthen it.",
    "max_value": "Send a smaller one.",
    "min_value": "Send a larger one.",
    "max_string_length": "Shorten it.",
    "null_characters_not_allowed": "Remove them.",
    "surrogate_characters_not_allowed": "Remove them.",
}


def with_remedy(detail: object) -> str:
    """Return the text of an error with what to do next; errors of our own have said so."""
    remedy = _REMEDIES.get(getattr(detail, "code", ""), "")
    return f"{detail} {remedy}".rstrip()
