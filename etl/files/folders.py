"""Folders of many files that a loader leaves: replaced as a whole, or part by part."""

import ctypes
import os
import shutil
from pathlib import Path
from typing import Literal

from etl.context import RunContext
from etl.files.paths import writable
from etl.files.remote import is_uri
from etl.files.writing import TargetConfig, earlier_tries, storage_of, temporary_of

Replace = Literal["all", "partitions"]

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def replace_folder(made: Path, config: TargetConfig, replace: Replace, context: RunContext) -> None:
    """Make the folder that a config names hold what `made` does.

    With "partitions" only the lowest folders that are in `made` are replaced, and others stay.
    Repeated after it was killed anywhere, it leaves the same.
    """
    if is_uri(config.path):
        _replace_remote(made, config, replace, context)
    else:
        _replace_local(made, config.path, replace, context)


def parts_of(folder: Path) -> list[Path]:
    """Return the lowest folders, relative to `folder`."""
    return sorted({path.parent.relative_to(folder) for path in folder.rglob("*.parquet")})


def _replace_local(made: Path, path: str, replace: Replace, context: RunContext) -> None:
    target = writable(path, context.data_dirs, folder=True)
    for left in earlier_tries(target, context):
        shutil.rmtree(left, ignore_errors=True)
    temporary = temporary_of(target, context)
    try:
        # Beside the target, so that the rest is renaming, also if the staging is another disk.
        shutil.move(made, temporary)
        context.check_stop()
        if replace == "all" or not target.exists():
            _exchange(temporary, target)
            return
        for part in parts_of(temporary):
            (target / part).parent.mkdir(parents=True, exist_ok=True)
            _exchange(temporary / part, target / part)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _exchange(new: Path, old: Path) -> None:
    """Put `new` where `old` is, and `old`, if there is one, where `new` was."""
    if not old.exists():
        new.rename(old)
        return
    if _exchange_at_once(new, old):
        return
    aside = new.with_name(new.name + ".old")
    old.rename(aside)
    new.rename(old)
    aside.rename(new)


def _exchange_at_once(new: Path, old: Path) -> bool:
    """Return whether the system (Linux) has swapped two folders in one step."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    done: int = rename(_AT_FDCWD, os.fsencode(new), _AT_FDCWD, os.fsencode(old), _RENAME_EXCHANGE)
    return done == 0


def _replace_remote(
    made: Path, config: TargetConfig, replace: Replace, context: RunContext
) -> None:
    storage = storage_of(config, context)
    root = config.path.rstrip("/")
    before = storage.below(root)
    if replace == "partitions":
        folders = tuple(f"{root}/{part.as_posix()}/" for part in parts_of(made))
        before = [uri for uri in before if uri.startswith(folders)]
    context.check_stop()
    written = set()
    for file in sorted(made.rglob("*.parquet")):
        part = file.parent.relative_to(made).as_posix()
        # Names of this load alone, so that nothing old is overwritten before all is there.
        name = f"{context.execution_id}-{context.node_id}-{file.name}"
        uri = f"{root}/{part}/{name}" if part != "." else f"{root}/{name}"
        storage.upload(file, uri)
        written.add(uri)
    storage.remove([uri for uri in before if uri not in written])
