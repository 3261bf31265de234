"""What previews of one person leave for their next: the outputs of nodes that stay the same."""

import hashlib
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from etl.dataset import open_dataset
from etl.errors import ETLError
from etl.files.paths import check_pattern, is_pattern, matching, readable
from etl.graph import canonical_json
from etl.results import NodeResult, output_of
from etl.storage import Storage, as_json

# Seconds for which a source is not read again, unless somebody asks for it.
REUSED_FOR = 300
_RESULT = "result.json"
_FORMAT = 2


@dataclass(frozen=True)
class Output:
    """The result of a node in a preview; `cut` says that it is not from all of its sources' rows.

    `key` is the hash of everything that the rows are made from.
    """

    key: str
    result: NodeResult
    cut: bool


def key_of(
    module: str,
    config: Mapping[str, Any],
    inputs: Mapping[str, tuple[str, str | None]],
    *,
    rows: int,
    data_dirs: tuple[Path, ...],
) -> str:
    """Return the hash of all that a node's rows are made from, as far as that can be known.

    `inputs` gives, by port, the key and the output's name of what feeds it. A local file that was
    written since gives another key; of a server or a storage only time tells.
    """
    content = {
        "format": _FORMAT,
        "module": module,
        "config": config,
        "inputs": [[port, *source] for port, source in inputs.items()],
        "rows": rows,
        "files": _files(config.get("path"), data_dirs) if not inputs else [],
    }
    return "n" + hashlib.sha256(canonical_json(content).encode()).hexdigest()[:40]


def _files(path: object, data_dirs: tuple[Path, ...]) -> list[list[object]]:
    if not isinstance(path, str):
        return []
    try:
        check_pattern(path)
        found = matching(path, data_dirs) if is_pattern(path) else {path: readable(path, data_dirs)}
        return [
            [name, status.st_size, status.st_mtime_ns]
            for name, file in found.items()
            for status in [file.stat()]
        ]
    except (ETLError, ValueError, OSError):
        # Reading it says what is wrong.
        return []


class Shelf:
    """The outputs that one person's previews have left, in a folder of the staging."""

    def __init__(self, staging: str, folder: str) -> None:
        self._storage = Storage(staging)
        self._folder = folder

    def find(self, key: str) -> Output | None:
        """Return an output that is fresh enough and still there, else None."""
        try:
            kept = json.loads(self._storage.read(self._folder, key, _RESULT))
            if time.time() - kept["made"] > REUSED_FOR:
                return None
            result = cast(NodeResult, kept["result"])
            for name in result["outputs"] or [None]:
                uri = output_of(result, name).get("uri")
                open_dataset(self._storage, str(uri))
            return Output(key, result, bool(kept["cut"]))
        except (OSError, ETLError, ValueError, KeyError, TypeError):
            return None

    def keep(self, output: Output) -> None:
        """Leave an output, whose data is committed, for the next preview."""
        kept = {"made": time.time(), "result": output.result, "cut": output.cut}
        self._storage.write(as_json(kept), self._folder, output.key, _RESULT)


def remove_old(staging: str, folder: str | None = None, *, longest: float) -> int:
    """Remove what no preview can use any more; return how many outputs that were.

    A preview takes at most `longest` seconds. `folder` is one person's, None stands for everyone's.
    What a preview that was killed had half written goes as well.
    """
    storage = Storage(staging)
    removed = 0
    for owner in [folder] if folder else storage.folders():
        for key in storage.folders(owner):
            if _age(storage, owner, key) > REUSED_FOR + longest:
                storage.remove(owner, key)
                removed += 1
        if storage.is_local:
            # Elsewhere there are no empty folders. One that is used again is not empty.
            with suppress(OSError):
                storage.local_path(owner).rmdir()
    return removed


def _age(storage: Storage, owner: str, key: str) -> float:
    """Return the seconds since anything was last written for an output."""
    times = [storage.modified(owner, key, _RESULT)]
    if storage.is_local:
        # Elsewhere there are no empty folders, such as a node leaves that has failed.
        times.append(storage.modified(owner, key))
    for attempt in storage.folders(owner, key):
        times += [
            storage.modified(owner, key, attempt, name)
            for name in storage.files(owner, key, attempt)
        ]
        # Named outputs lie one folder deeper.
        times += [
            storage.modified(owner, key, attempt, below, name)
            for below in storage.folders(owner, key, attempt)
            for name in storage.files(owner, key, attempt, below)
        ]
    newest = max((moment.timestamp() for moment in times if moment is not None), default=0.0)
    return time.time() - newest
