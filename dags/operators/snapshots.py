"""Snapshots of a folder of DAG files: one, never changed again, for every content that it had.

A snapshot is complete from the moment at which its folder has its name. A file is copied when its
content is new; the snapshots that have it in common share it by hard links, so that a snapshot of
a thousand files costs little more than their names. The folder itself is only read, and never
linked: what is edited there in place stays as it was here.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

log = logging.getLogger(__name__)

_UNFINISHED, _REMOVED = ".new-", ".old-"
_LEFT_BEHIND_AFTER = 3600.0
_TRIES = 10


class SnapshotError(OSError):
    """A snapshot cannot be taken, or is not there; the message is a sentence for a person."""


class _ChangedMeanwhileError(Exception):
    """A file is no longer what it was when its digest was taken."""


class _Read(NamedTuple):
    """A file as it was last read: how it looked to the file system, and what was in it."""

    look: tuple[int, int, int]
    digest: str


class DagFolder:
    """The DAG files of a folder, those directly in it; each is read again when it has changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[str, _Read] = {}

    def digests(self) -> tuple[dict[str, str], set[str]]:
        """Return each file's digest, and the files that were touched: newer, but as they were."""
        found: dict[str, _Read] = {}
        touched = set()
        with os.scandir(self.path) as entries:
            names = sorted(entry.name for entry in entries if _is_dag_file(entry))
        for name in names:
            before = self._known.get(name)
            try:
                now = found[name] = self._read(name, before)
            except FileNotFoundError:
                # It vanished after it was listed.
                continue
            except PermissionError as error:
                # One file must not keep all others from being served.
                log.warning("A DAG file is left out, for it cannot be read: %s", error)
                continue
            if before and before.digest == now.digest and before.look[0] < now.look[0]:
                touched.add(name)
        self._known = found
        return {name: read.digest for name, read in found.items()}, touched

    def content(self, name: str, digest: str) -> bytes:
        """Return a file's content; raise _ChangedMeanwhileError where it has another digest."""
        try:
            content = (self.path / name).read_bytes()
        except FileNotFoundError:
            raise _ChangedMeanwhileError from None
        if _digest(content) != digest:
            raise _ChangedMeanwhileError
        return content

    def _read(self, name: str, before: _Read | None) -> _Read:
        path = self.path / name
        if before is not None and _look(path.stat()) == before.look:
            return before
        with path.open("rb") as file:
            # Before reading: what is written meanwhile looks newer the next time.
            look = _look(os.fstat(file.fileno()))
            return _Read(look, _digest(file.read()))


class Snapshots:
    """The snapshots of one DAG folder.

    Several processes may take, use and prune them at the same time.
    """

    def __init__(self, source: Path, folder: Path) -> None:
        self._source = DagFolder(source)
        self._folder = folder
        self._version = ""
        self._files: Mapping[str, str] = {}

    @property
    def _versions(self) -> Path:
        return self._folder / "versions"

    def path_of(self, version: str) -> Path:
        """Return where the snapshot lies, if it is there."""
        return self._versions / version

    def take(self, keep: Collection[str] = ()) -> tuple[str, set[str]]:
        """Return the version of what the folder holds now, and the files to be read again for it.

        Its snapshot is there on return. The files named by `keep` go in as they were in the
        snapshot taken before. Raise OSError, of which SnapshotError is one, if it cannot be taken.
        """
        for _ in range(_TRIES):
            digests, touched = self._source.digests()
            kept = {name: self._files[name] for name in keep if name in self._files}
            files = dict(sorted((digests | kept).items()))
            try:
                version = self._ensure(files)
            except _ChangedMeanwhileError:
                continue
            # At first Airflow reads all of them anyway.
            first = not self._version
            changed = {name for name in files if not first and self._files.get(name) != files[name]}
            self._version, self._files = version, files
            return version, changed | (touched & files.keys())
        raise SnapshotError(
            f"The DAG files in {self._source.path} change faster than they can be read. They are "
            "looked at again."
        )

    def touch(self, version: str, names: Collection[str]) -> None:
        """Make files of a snapshot look changed, so that Airflow reads them again."""
        # Not the file system's time, which may be another machine's.
        now = time.time()
        for name in names:
            os.utime(self.path_of(version) / name, (now, now))

    def mark_used(self, version: str) -> None:
        """Note that the snapshot is, or was until now, the newest one."""
        with contextlib.suppress(FileNotFoundError):
            os.utime(self.path_of(version))

    def prune(
        self,
        *,
        unused_since: float,
        but: Collection[str],
        in_use: Callable[[Collection[str]], Collection[str]],
    ) -> int:
        """Remove the snapshots that have not been the newest since that time; return how many.

        Those in `but` stay, and those that `in_use` picks from the ones to be removed.
        """
        old = self._old(unused_since) - set(but)
        removable = old - set(in_use(old)) if old else set()
        removed = sum(self._remove(version, unused_since) for version in sorted(removable))
        self._clear_left_behind()
        return removed

    def _old(self, unused_since: float) -> set[str]:
        found = set()
        with os.scandir(self._versions) as entries:
            for entry in entries:
                # Another process may remove it at this moment.
                with contextlib.suppress(FileNotFoundError):
                    if not entry.name.startswith(".") and entry.stat().st_mtime < unused_since:
                        found.add(entry.name)
        return found

    def _remove(self, version: str, unused_since: float) -> bool:
        gone = Path(tempfile.mkdtemp(dir=self._versions, prefix=_REMOVED))
        try:
            with self._alone():
                # Someone may have come back to it, or removed it, meanwhile.
                if version not in self._old(unused_since):
                    return False
                # By renaming first: a snapshot that has its name is whole.
                self.path_of(version).rename(gone)
        finally:
            shutil.rmtree(gone, ignore_errors=True)
        return True

    def _clear_left_behind(self) -> None:
        """Remove what processes left behind that were killed while they took or removed one."""
        before = time.time() - _LEFT_BEHIND_AFTER
        for path in self._versions.glob(".*"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    shutil.rmtree(path, ignore_errors=True)

    def _ensure(self, files: Mapping[str, str]) -> str:
        version = _version_of(files)
        path = self.path_of(version)
        if version == self._version and path.is_dir():
            return version
        self._versions.mkdir(parents=True, exist_ok=True)
        with self._alone():
            if path.is_dir():
                self.mark_used(version)
            else:
                self._make(files, path)
        return version

    def _make(self, files: Mapping[str, str], path: Path) -> None:
        unfinished = Path(tempfile.mkdtemp(dir=self._versions, prefix=_UNFINISHED))
        try:
            for name, digest in files.items():
                if self._files.get(name) != digest or not self._link(name, unfinished):
                    _write(unfinished / name, self._source.content(name, digest))
            # A file in this place keeps Python from leaving bytecode, which would be more than
            # the files themselves.
            (unfinished / "__pycache__").touch()
            unfinished.chmod(0o755)
            _sync(unfinished)
            unfinished.rename(path)
            _sync(self._versions)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise

    def _link(self, name: str, target: Path) -> bool:
        """Share the file of the snapshot taken before; return False where that cannot be."""
        try:
            os.link(self.path_of(self._version) / name, target / name)
        except OSError:
            # It was removed, has too many names already, or is on a file system without links.
            return False
        return True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let no other process make or remove a snapshot meanwhile."""
        with (self._folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


class Head:
    """A path, this process's own, at which the files of its newest snapshot are found.

    It stays the same from snapshot to snapshot, and from process to process as a rule.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        # Open for as long as the process lives; the lock goes with it.
        self._lock: object = None

    @property
    def path(self) -> Path:
        """Return the path; there is nothing before `show`."""
        return self._folder / str(self._number)

    def show(self, snapshot: Path) -> None:
        """Have the path lead to a snapshot, in one step."""
        if self._lock is None:
            self._claim()
        link = self._folder / f".{self._number}"
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.relpath(snapshot, self._folder))
        link.replace(self.path)

    def shown(self) -> set[str]:
        """Return the snapshots that the heads of all processes lead to."""
        return {path.readlink().name for path in self._folder.iterdir() if path.is_symlink()}

    def _claim(self) -> None:
        """Take the first path that no living process has."""
        self._folder.mkdir(parents=True, exist_ok=True)
        while self._lock is None:
            self._number += 1
            lock = (self._folder / f"{self._number}.lock").open("w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
            else:
                self._lock = lock


def _is_dag_file(entry: os.DirEntry[str]) -> bool:
    # A generator's temporary files begin with a dot.
    return entry.name.endswith(".py") and not entry.name.startswith(".") and entry.is_file()


def _look(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_mtime_ns, status.st_size, status.st_ino


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _version_of(files: Mapping[str, str]) -> str:
    lines = "".join(f"{digest} {name}\n" for name, digest in files.items())
    return hashlib.sha256(lines.encode()).hexdigest()


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o644)


def _sync(folder: Path) -> None:
    """Have the names in a folder outlast a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
