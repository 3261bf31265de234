"""How long something took, as people read it; alike in every list and page of the admin."""

from django.utils.formats import number_format

NOTHING = "-"


def duration(seconds: float | None) -> str:
    """Return seconds as people read them: `0.4 s`, `3 min 5 s`, `2 h 10 min`."""
    if seconds is None:
        return NOTHING
    if seconds < 60:
        return f"{number_format(seconds, 1)} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"
