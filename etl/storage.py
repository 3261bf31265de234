"""What runs leave for each other: in a local folder, or any place that fsspec reaches."""

import json
import os
import shutil
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import unquote, urlsplit

from etl.errors import ConfigError
from etl.messages import say

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem


class Storage:
    """Reads and writes files below one root, by path parts relative to it.

    A local root needs nothing but the standard library. For any other URI the files are kept
    by fsspec, and large ones pass through a local folder. `setting` names in errors where the
    root was set.
    """

    def __init__(self, root: str, *, setting: str = "LOGIDATA_STAGING") -> None:
        scheme = urlsplit(root).scheme if "://" in root else ""
        self._fs: AbstractFileSystem | None = None
        if scheme in ("", "file"):
            self.root = str(Path(unquote(urlsplit(root).path) if scheme else root).absolute())
        else:
            self.root = root.rstrip("/")
            self._fs, self._prefix = _remote(root, setting)

    @property
    def is_local(self) -> bool:
        """Whether the root is a folder of this machine."""
        return self._fs is None

    def uri(self, *parts: str) -> str:
        """Return the address of a file or folder: an absolute path, or a URI."""
        return "/".join((self.root, *parts))

    def local_path(self, *parts: str) -> Path:
        """Return the path of a file below a local root."""
        return Path(self.root, *parts)

    def _remote_path(self, *parts: str) -> str:
        return "/".join((self._prefix, *parts))

    def write(self, content: bytes, *parts: str) -> None:
        """Write a small file so that it is there whole or not at all."""
        if self._fs is not None:
            self._fs.pipe_file(self._remote_path(*parts), content)
            return
        path = self.local_path(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        temporary.write_bytes(content)
        temporary.replace(path)

    def create(self, content: bytes, *parts: str) -> bool:
        """Write a small file if it is not there, and return whether it was not.

        Of several who create the same file, one succeeds, and its content is there whole.
        """
        if self._fs is not None:
            try:
                self._fs.pipe_file(self._remote_path(*parts), content, mode="create")
            except FileExistsError:
                return False
            return True
        path = self.local_path(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        temporary.write_bytes(content)
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            return False
        finally:
            temporary.unlink()
        return True

    def read(self, *parts: str) -> bytes:
        """Return the content of a small file; raise FileNotFoundError if it is not there."""
        if self._fs is not None:
            content: bytes = self._fs.cat_file(self._remote_path(*parts))
            return content
        return self.local_path(*parts).read_bytes()

    def open(self, *parts: str) -> BinaryIO:
        """Return a file of any size, open for reading at any place; raise FileNotFoundError."""
        if self._fs is not None:
            stream: BinaryIO = self._fs.open(self._remote_path(*parts), "rb")
            return stream
        return self.local_path(*parts).open("rb")

    def upload(self, path: Path, *parts: str) -> None:
        """Put a local file of any size to a remote root."""
        if self._fs is not None:
            self._fs.put_file(str(path), self._remote_path(*parts))

    def download(self, path: Path, *parts: str) -> None:
        """Fetch a file of any size from a remote root."""
        if self._fs is not None:
            self._fs.get_file(self._remote_path(*parts), str(path))

    def put(self, path: Path, *parts: str) -> None:
        """Copy a local file of any size into any root, so that it is there whole or not at all."""
        if self._fs is not None:
            self.upload(path, *parts)
            return
        target = self.local_path(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
        shutil.copyfile(path, temporary)
        temporary.replace(target)

    def get(self, path: Path, *parts: str) -> None:
        """Copy a file of any size from any root; raise FileNotFoundError if it is not there."""
        if self._fs is not None:
            self.download(path, *parts)
            return
        shutil.copyfile(self.local_path(*parts), path)

    def folders(self, *parts: str) -> list[str]:
        """Return the names of the folders in a folder; [] if it is not there."""
        return self._entries("directory", parts)

    def files(self, *parts: str) -> list[str]:
        """Return the names of the files in a folder; [] if it is not there."""
        return self._entries("file", parts)

    def _entries(self, kind: str, parts: tuple[str, ...]) -> list[str]:
        try:
            if self._fs is not None:
                entries = self._fs.ls(self._remote_path(*parts), detail=True, refresh=True)
                return [e["name"].rsplit("/", 1)[-1] for e in entries if e["type"] == kind]
            return [
                entry.name
                for entry in os.scandir(self.local_path(*parts))
                # What is being written has a name that begins with a dot.
                if entry.is_dir() == (kind == "directory") and not entry.name.startswith(".")
            ]
        except FileNotFoundError:
            return []

    def modified(self, *parts: str) -> datetime | None:
        """Return when a file was last written, or None if it is not there."""
        try:
            if self._fs is not None:
                moment: datetime = self._fs.modified(self._remote_path(*parts))
                return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return datetime.fromtimestamp(self.local_path(*parts).stat().st_mtime, UTC)
        except FileNotFoundError:
            return None

    def remove(self, *parts: str) -> None:
        """Remove a file, or a folder with all that is in it; missing is fine."""
        if self._fs is not None:
            try:
                self._fs.rm(self._remote_path(*parts), recursive=True)
            except FileNotFoundError:
                return
            return
        path = self.local_path(*parts)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _remote(root: str, setting: str) -> "tuple[AbstractFileSystem, str]":
    try:
        import fsspec

        fs, prefix = fsspec.url_to_fs(root)
    except (ImportError, ValueError) as exc:
        raise ConfigError(
            say(
                "{setting} is '{root}', which cannot be opened: {error}. Install the "
                "package for that kind of storage, or name a folder.",
                setting=setting,
                root=root,
                error=exc,
            )
        ) from exc
    return fs, str(prefix).rstrip("/")


def as_json(value: Any) -> bytes:
    """Return `value` as UTF-8 JSON."""
    return json.dumps(value, ensure_ascii=False).encode()
