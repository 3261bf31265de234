"""The first whole records of a JSON document that breaks off."""

import json
from collections.abc import Sequence

_BOM = "\ufeff"
_SPACE = " \t\r\n"
_DECODER = json.JSONDecoder()


def whole_records(content: bytes, path: str = "") -> bytes | None:
    """Return the document with no more than those of its records that are whole.

    These are in an array, which is all of it, or at a path of names with dots between. None where
    there is no such array, or no such record, in what there is of the document.
    """
    text = content.decode(errors="ignore").removeprefix(_BOM)
    names = path.split(".") if path else []
    try:
        begin = _place(text, names)
        return _around(names, _records(text, begin)) if text[begin] == "[" else None
    except (ValueError, IndexError, RecursionError):
        # RecursionError: the reader of the whole says which file it is.
        return None


def _place(text: str, names: Sequence[str]) -> int:
    """Return where the value at a path begins; raise ValueError or IndexError if it does not."""
    position = _behind(text, 0, _SPACE)
    for name in names:
        found, position = None, _past(text, position, "{")
        while found != name:
            if found is not None:
                _, position = _DECODER.raw_decode(text, position)
                position = _past(text, _behind(text, position, _SPACE), ",")
            found, position = _DECODER.raw_decode(text, position)
            position = _past(text, _behind(text, position, _SPACE), ":")
    return position


def _records(text: str, begin: int) -> str:
    """Return the whole records of an array that may break off; raise ValueError for none."""
    end = position = begin + 1
    try:
        while True:
            _, end = _DECODER.raw_decode(text, _behind(text, position, _SPACE))
            position = _behind(text, end, _SPACE + ",")
    except (ValueError, IndexError):
        if end == begin + 1:
            raise
        return f"{text[begin:end]}]"


def _around(names: Sequence[str], records: str) -> bytes:
    opening = "".join(f"{{{json.dumps(name)}: " for name in names)
    return f"{opening}{records}{'}' * len(names)}".encode()


def _past(text: str, position: int, mark: str) -> int:
    """Return where what follows a mark begins; raise ValueError if it is not there."""
    if text[position] != mark:
        raise ValueError(mark)
    return _behind(text, position + 1, _SPACE)


def _behind(text: str, position: int, characters: str) -> int:
    while text[position] in characters:
        position += 1
    return position
