"""The files below the data folders: for those who pick one."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

MOST_FILES = 200
# A folder of millions of files is not looked through while someone waits.
_SECONDS = 2.0


@dataclass(frozen=True)
class DataFile:
    """A file: its path as nodes name it, its size in bytes, and when it was last written."""

    path: str
    size: int
    modified: datetime


def data_files(data_dirs: Sequence[Path], prefix: str) -> list[DataFile]:
    """Return the files whose paths begin with a text, sorted, at most 200.

    A file hides those of the same path in later folders. Left out are names that begin with a dot,
    or are no text, and links that lead out of the data folders, since no node can read these.
    """
    found: dict[str, DataFile] = {}
    until = time.monotonic() + _SECONDS
    for folder in data_dirs:
        for file in _below(folder, prefix):
            found.setdefault(file.path, file)
            if time.monotonic() > until:
                break
    return [found[path] for path in sorted(found)[:MOST_FILES]]


def _below(root: Path, prefix: str) -> Iterator[DataFile]:
    real = root.resolve()
    for current, folders, names in os.walk(root):
        folder = Path(current).relative_to(root)
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and _leads(folder / name, prefix)
        )
        for name in sorted(names):
            path = (folder / name).as_posix()
            if name.startswith(".") or not path.startswith(prefix) or not _is_text(path):
                continue
            file = Path(current, name)
            # It may be gone by now.
            with suppress(OSError):
                if file.is_file() and file.resolve().is_relative_to(real):
                    status = file.stat()
                    modified = datetime.fromtimestamp(status.st_mtime, UTC)
                    yield DataFile(path, status.st_size, modified)


def _is_text(path: str) -> bool:
    """Whether the bytes of a name are UTF-8, so that JSON can hold it."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _leads(folder: Path, prefix: str) -> bool:
    """Whether paths below a folder can begin with a text."""
    path = f"{folder.as_posix()}/"
    return path.startswith(prefix) or prefix.startswith(path)
