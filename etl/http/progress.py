"""How far a delivery has come: noted in the staging after each answer, found by the next try."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from etl.context import RunContext
from etl.storage import Storage, as_json

# Beside the folders of the tries, whose names are numbers.
_FOLDER = "_sent"
_NOTE = "progress.json"
# So many refusals are written anew with each batch; older ones lie in files of their own.
_RECENT = 200


@dataclass(frozen=True)
class Refusal:
    """A batch that the service refused, with the reason that it gave."""

    batch: int
    reason: str
    field: str | None = None


class Progress:
    """The batches that the service has confirmed, or refused, in any try of a node.

    `batches` have been answered, the first ones of the input; `digest` is that of their bytes, by
    which a later try sees that its input is still the same.
    """

    def __init__(self, context: RunContext) -> None:
        root, *folder = context.progress_place()
        self._storage = Storage(root)
        self._folder = (*folder, _FOLDER)
        note = self._read(_NOTE) or {"batches": 0, "digest": "", "recent": [], "files": 0}
        self.batches: int = note["batches"]
        self.digest: str = note["digest"]
        self._files: int = note["files"]
        self._recent = [Refusal(**refusal) for refusal in note["recent"]]

    def refusals(self) -> dict[int, Refusal]:
        """Return what was refused by the number of its batch."""
        older = [
            Refusal(**refusal)
            for number in range(self._files)
            for refusal in self._read(f"refused-{number}.json") or []
        ]
        return {refusal.batch: refusal for refusal in [*older, *self._recent]}

    def note(self, batches: int, digest: str, refusal: Refusal | None = None) -> None:
        """Note that the service has answered the first `batches`, the last one by `refusal`."""
        if refusal is not None:
            self._recent.append(refusal)
        if len(self._recent) >= _RECENT:
            # First the file, then the note that names it: a kill between them loses nothing.
            self._write([asdict(r) for r in self._recent], f"refused-{self._files}.json")
            self._files, self._recent = self._files + 1, []
        self.batches, self.digest = batches, digest
        recent = [asdict(r) for r in self._recent]
        self._write(
            {"batches": batches, "digest": digest, "recent": recent, "files": self._files}, _NOTE
        )

    def _read(self, name: str) -> Any:
        try:
            return json.loads(self._storage.read(*self._folder, name))
        except FileNotFoundError:
            return None

    def _write(self, content: object, name: str) -> None:
        self._storage.write(as_json(content), *self._folder, name)
