"""How deep JSON is nested, told without parsing it.

DuckDB's parser calls itself for each level: at some 100,000 the stack of its process overflows.
"""

from dataclasses import dataclass, field
from typing import IO

DEEPEST = 1000

_BLOCK = 4 * 1024 * 1024
_NO_MARKS = bytes(set(range(256)) - set(b'[]{}"'))


@dataclass
class Nesting:
    """Follows the nesting of a text that comes in pieces."""

    depth: int = 0
    _in_string: bool = field(default=False, init=False)
    _left: bytes = field(default=b"", init=False)

    def too_deep(self, piece: bytes) -> bool:
        """Return whether the text is nested more than 1000 levels deep within its next piece."""
        text = self._left + piece
        # What a backslash at the end escapes comes with the next piece.
        self._left = text[len(text.rstrip(b"\\")) :]
        text = text[: len(text) - len(self._left)]
        marks = text.replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, _NO_MARKS)
        if self._in_string:
            marks = b'"' + marks
        # Strings without brackets, which most are, leave nothing but their quotes.
        parts = marks.replace(b'""', b"").split(b'"')
        self._in_string = len(parts) % 2 == 0
        for mark in b"".join(parts[::2]):
            self.depth += 1 if mark in b"[{" else -1
            if self.depth > DEEPEST:
                return True
        return False


def is_too_deep(text: bytes) -> bool:
    """Return whether a text is nested more than 1000 levels deep."""
    return text.count(b"[") + text.count(b"{") > DEEPEST and Nesting().too_deep(text)


def stream_is_too_deep(stream: IO[bytes]) -> bool:
    """Return whether what a stream holds is nested more than 1000 levels deep."""
    nesting = Nesting()
    return any(nesting.too_deep(block) for block in iter(lambda: stream.read(_BLOCK), b""))
