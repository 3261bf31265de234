"""The first whole records of a JSON array that breaks off."""

import json

_BOM = "\ufeff"
_SPACE = " \t\r\n"


def whole_records(content: bytes) -> bytes | None:
    """Return the array of the records that are whole; None if it is none, or has no such record."""
    text = content.decode(errors="ignore").removeprefix(_BOM).lstrip(_SPACE)
    if not text.startswith("["):
        return None
    decoder = json.JSONDecoder()
    end, position = 1, 1
    try:
        while True:
            _, end_of_record = decoder.raw_decode(text, _behind(text, position, _SPACE))
            end, position = end_of_record, _behind(text, end_of_record, _SPACE + ",")
    except (ValueError, IndexError):
        return f"{text[:end]}]".encode() if end > 1 else None
    except RecursionError:
        # The reader of the whole says which file it is.
        return None


def _behind(text: str, position: int, characters: str) -> int:
    while text[position] in characters:
        position += 1
    return position
