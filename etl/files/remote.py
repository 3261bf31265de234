"""Files in object storage, by URIs such as s3://bucket/key, through fsspec."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from etl.context import RunContext
from etl.errors import ConfigError, DataError, ETLError, TransientError
from etl.files.paths import is_pattern
from etl.files.remote_errors import explain_storage
from etl.files.remote_login import CHUNK_BYTES, login_options
from etl.messages import say

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

# What fsspec calls each scheme, and the package that a worker needs for it.
_PACKAGES = {
    "s3": ("s3", "s3fs"),
    "gs": ("gs", "gcsfs"),
    "gcs": ("gs", "gcsfs"),
    "az": ("abfs", "adlfs"),
    "abfs": ("abfs", "adlfs"),
    "sftp": ("sftp", "paramiko"),
}
SCHEMES = tuple(_PACKAGES)

# S3 takes no more parts than this of one object.
_MOST_PARTS = 10_000


def is_uri(path: str) -> bool:
    """Return whether a path is a URI, and not one below the data folders."""
    return "://" in path


def check_uri(uri: str) -> str:
    """Return `uri` if it names a file, or a pattern, in a storage of a known kind.

    Raise ValueError otherwise, without repeating what could hold a secret.
    """
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme not in _PACKAGES:
        raise ValueError(
            say(
                "This is a URI of no kind that can be reached here. Begin it with one of "
                "{schemes}, or name a file below a data folder",
                schemes=", ".join(f"{name}://" for name in SCHEMES),
            )
        )
    if "@" in bucket or ":" in bucket:
        raise ValueError(
            say(
                "The URI holds a login or a port. Put these into a connection, and write "
                "{scheme}://bucket/key only",
                scheme=scheme,
            )
        )
    if not key.strip("/") or (not bucket and scheme != "sftp") or is_pattern(bucket):
        raise ValueError(
            say(
                "The URI names no bucket and file. Write it as {scheme}://bucket/key", scheme=scheme
            )
        )
    if not uri.isprintable() or ".." in key.split("/") or "\\" in uri:
        raise ValueError(say("The URI holds .., a backslash or a control character. Correct it"))
    return uri


@dataclass(frozen=True)
class RemoteFiles:
    """The storage behind one connection. Every error is an ETLError, without secrets."""

    fs: "AbstractFileSystem"
    scheme: str
    connection_id: str

    def find(self, pattern: str) -> list[str]:
        """Return the URIs of the files that fit a pattern, sorted; of one file, its own."""
        if not is_pattern(pattern):
            return [pattern]
        with self._explained(pattern):
            found = self.fs.glob(_path(pattern), detail=True)
        names = [name for name, info in found.items() if info.get("type") == "file"]
        uris = [self._uri(name) for name in sorted(names)]
        # Some servers show a folder as an empty object.
        uris = [uri for uri in uris if not uri.endswith("/")]
        if not uris:
            raise DataError(
                say(
                    "no file fits '{pattern}'. Put one there, or correct the path.", pattern=pattern
                ),
                field="config.path",
            )
        return uris

    def download(self, uri: str, to: Path) -> None:
        """Fetch a file of any size in pieces; raise TransientError if it came short."""
        with self._explained(uri):
            size = self.fs.info(_path(uri)).get("size")
            self.fs.get_file(_path(uri), str(to))
        if size is not None and to.stat().st_size != size:
            raise TransientError(
                say("'{uri}' changed, or broke off, while it was read. Try it again.", uri=uri)
            )

    def head(self, uri: str, size: int) -> tuple[bytes, bool]:
        """Return the first bytes of a file, and whether these are all of it."""
        with self._explained(uri):
            total = int(self.fs.info(_path(uri)).get("size") or 0)
            if total == 0:
                return b"", True
            content: bytes = self.fs.cat_file(_path(uri), start=0, end=min(size, total))
            return content, total <= size

    @contextmanager
    def opened(self, uri: str) -> Iterator[Any]:
        """Give a file to read at any place, of which only what is read is fetched."""
        with self._explained(uri), self.fs.open(_path(uri), "rb", block_size=1 << 20) as stream:
            yield stream

    def upload(self, path: Path, uri: str) -> None:
        """Put a file of any size: readers see the old one or the new one, never half."""
        chunk = max(CHUNK_BYTES, path.stat().st_size // (_MOST_PARTS - 1) + 1)
        options = {"chunksize": chunk, "max_concurrency": 2} if self.scheme == "s3" else {}
        target = _path(uri)
        if self.scheme != "sftp":
            with self._explained(uri):
                self.fs.put_file(str(path), target, **options)
            return
        folder, _, name = target.rpartition("/")
        hidden = f"{folder}/.{name}.part"
        with self._explained(uri):
            self.fs.makedirs(folder, exist_ok=True)
            self.fs.put_file(str(path), hidden)
            self.fs.mv(hidden, target)

    def below(self, uri: str) -> list[str]:
        """Return the URIs of all files below a folder; [] if it is not there."""
        with self._explained(uri):
            try:
                self.fs.invalidate_cache()
                names = self.fs.find(_path(uri).rstrip("/"))
            except FileNotFoundError:
                return []
        return [self._uri(name) for name in sorted(names)]

    def remove(self, uris: list[str]) -> None:
        """Remove files; those that are gone already are fine."""
        for uri in uris:
            with self._explained(uri):
                try:
                    self.fs.rm_file(_path(uri))
                except FileNotFoundError:
                    continue

    def _uri(self, name: object) -> str:
        between = "/" if self.scheme == "sftp" else ""
        return f"{self.scheme}://{between}{str(name).lstrip('/')}"

    @contextmanager
    def _explained(self, uri: str) -> Iterator[None]:
        try:
            yield
        except ETLError:
            raise
        except Exception as exc:
            # No cause: the storage's own error may hold headers of the request.
            explained = explain_storage(exc, uri, self.connection_id)
            if explained is None:
                raise
            raise explained from None


def remote_files(uri: str, connection_id: str, context: RunContext) -> RemoteFiles:
    """Return the storage that a URI is in, with the login of a connection.

    Raise ConfigError if the package for it is missing, or the connection cannot be used.
    """
    scheme = urlsplit(uri).scheme
    protocol, package = _PACKAGES[scheme]
    connection = context.connection(connection_id)
    if scheme == "sftp" and urlsplit(uri).hostname not in (None, connection.host):
        # Otherwise a path could send the password to any server.
        raise ConfigError(
            say(
                "connection '{connection}' is for another host than '{uri}'. Write the path as "
                "sftp:///folder/file.",
                connection=connection_id,
                uri=uri,
            ),
            field="config.path",
        )
    try:
        import fsspec

        import_module(package)
        fs = fsspec.filesystem(
            protocol, skip_instance_cache=True, **login_options(scheme, connection)
        )
    except ImportError:
        raise ConfigError(
            say(
                "files at {scheme}:// need the package {package}, which is not installed. "
                "Install it where tasks run.",
                scheme=scheme,
                package=package,
            )
        ) from None
    except Exception as exc:  # noqa: BLE001
        explained = explain_storage(exc, uri, connection_id)
        raise explained or ConfigError(
            say(
                "connection '{connection}' cannot be used for {scheme}:// ({reason}). "
                "Correct it in Airflow under Connections.",
                connection=connection_id,
                scheme=scheme,
                reason=type(exc).__name__,
            ),
            field="config.connection",
        ) from None
    return RemoteFiles(fs, scheme, connection_id)


def _path(uri: str) -> str:
    scheme, _, rest = uri.partition("://")
    # The host of an SFTP server stands in the connection; what follows it is the path.
    return "/" + rest.partition("/")[2] if scheme == "sftp" else rest
