"""The heads of files, for a preview: enough for some thousand rows, whatever the files' size."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from etl.context import RunContext
from etl.errors import DataError
from etl.files.compression import Compression, compression_of, opened
from etl.files.reading import (
    SourceConfig,
    SourceFile,
    local_files,
    plain_name,
    source_files,
    storage_of_source,
)
from etl.files.remote import RemoteFiles, is_uri

# Of one file, and of all together.
HEAD_BYTES = 4 * 1024 * 1024
_ALL_BYTES = 4 * HEAD_BYTES
_MOST_FILES = 20
_BLOCK = 64 * 1024

# Gives the whole records that the bytes of a file begin with; None where that cannot be told.
Cut = Callable[[bytes], bytes | None]


def whole_lines(encoding: str = "utf-8") -> Cut:
    """Return what cuts the head of a text file behind its last whole line."""

    def cut(content: bytes) -> bytes:
        if encoding == "utf-16":
            # Half of its line ends look like those of other encodings.
            text = content.decode(encoding, errors="ignore")
            return text[: text.rfind("\n") + 1].encode(encoding) if "\n" in text else content
        end = content.rfind(b"\n") + 1 or content.rfind(b"\r") + 1
        return content[:end] or content

    return cut


def files_or_heads(
    config: SourceConfig,
    context: RunContext,
    scratch: Path,
    *,
    compression: Compression,
    cut: Cut,
) -> list[SourceFile]:
    """Return the files that a config names, or where a sample is enough, the heads of the first.

    A head is plain, whatever its file's compression. What is left out is noted in the sample.
    """
    if context.sample is None:
        return source_files(config, context, scratch)
    files: list[SourceFile] = []
    left = _ALL_BYTES
    for number, source in enumerate(_sources(config, context)):
        if left <= 0 or number == _MOST_FILES:
            context.sample.cut = True
            break
        file = source.head(compression, cut, scratch / f"{number}-{plain_name(source.name)}.head")
        context.sample.cut |= file.partial
        left -= file.local.stat().st_size
        files.append(file)
    return files


@dataclass(frozen=True)
class _Source:
    """One file of a source: here, or in a storage."""

    name: str
    local: Path | None = None
    storage: RemoteFiles | None = None

    def head(self, compression: Compression, cut: Cut, to: Path) -> SourceFile:
        """Return a plain file with the first whole records, or the file itself if it is small."""
        kind = compression_of(self.name, compression)
        if self.local is not None and kind == "none" and self.local.stat().st_size <= HEAD_BYTES:
            return SourceFile(self.local, self.name)
        content, whole = self._plain(kind, to)
        if not whole:
            records = cut(content)
            if records is None:
                return SourceFile(self._all(to.with_suffix("")), self.name)
            content = records
        to.write_bytes(content)
        return SourceFile(to, self.name, partial=not whole, plain=True)

    def _plain(self, kind: str, to: Path) -> tuple[bytes, bool]:
        if self.local is not None:
            return _read(self.local, kind, self.name, whole=True)
        assert self.storage is not None
        content, whole = self.storage.head(self.name, HEAD_BYTES)
        if kind == "none":
            return content, whole
        to.write_bytes(content)
        plain, ended = _read(to, kind, self.name, whole=whole)
        return plain, whole and ended

    def _all(self, to: Path) -> Path:
        if self.local is not None:
            return self.local
        assert self.storage is not None
        self.storage.download(self.name, to)
        return to


def _read(path: Path, kind: str, name: str, *, whole: bool) -> tuple[bytes, bool]:
    """Return the first plain bytes of a file, and whether these are all.

    Of a compressed file that is not `whole` the end breaks off, which is no fault of it.
    """
    content = b""
    try:
        with opened(path, kind, name) as stream:
            while block := stream.read(min(_BLOCK, HEAD_BYTES - len(content))):
                content += block
            return content, len(content) < HEAD_BYTES or not stream.read(1)
    except DataError:
        if whole or not content:
            raise
        return content, False


def _sources(config: SourceConfig, context: RunContext) -> Iterator[_Source]:
    if not is_uri(config.path):
        for file in local_files(config, context):
            yield _Source(file.name, local=file.local)
        return
    storage = storage_of_source(config, context)
    for uri in storage.find(config.path):
        yield _Source(uri, storage=storage)
