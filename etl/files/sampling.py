"""The heads of files, for a preview: enough for some thousand rows, whatever the files' size."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

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
from etl.messages import say

# Of one file, and of all together.
HEAD_BYTES = 4 * 1024 * 1024
_ALL_BYTES = 4 * HEAD_BYTES
# Of a file whose head does not tell its first records.
MOST_WHOLE = 64_000_000
_MOST_FILES = 20
_BLOCK = 64 * 1024

# Gives the whole records that the bytes of a file begin with; None where that cannot be told.
Cut = Callable[[bytes], bytes | None]
# Writes what a preview needs of a file with a name to a path; returns whether that is all of it.
Take = Callable[[IO[bytes], str, Path], bool]


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


def files_or_samples(
    config: SourceConfig, context: RunContext, scratch: Path, *, take: Take
) -> list[SourceFile]:
    """Return the files that a config names, or for a sample what `take` writes of the first."""
    if context.sample is None:
        return source_files(config, context, scratch)
    files: list[SourceFile] = []
    for number, source in enumerate(_sources(config, context)):
        if number == _MOST_FILES:
            context.sample.cut = True
            break
        to = scratch / f"{number}-{plain_name(source.name)}"
        with source.opened() as stream:
            context.sample.cut |= not take(stream, source.name, to)
        files.append(SourceFile(to, source.name))
    return files


def too_large(name: str) -> DataError:
    """Return the error of a file that a preview would have to take in as a whole."""
    return DataError(
        say(
            "file '{file}' holds more than the {most} MB that a preview takes in of a file whose "
            "beginning does not tell its first rows. Execute the pipeline to read it, or preview a "
            "smaller one.",
            file=name,
            most=MOST_WHOLE // 1_000_000,
        ),
        field="config.path",
    )


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
                self._write_all(kind, to)
                return SourceFile(to, self.name, plain=True)
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

    def _write_all(self, kind: str, to: Path) -> None:
        path = self.local
        if path is None:
            assert self.storage is not None
            content, whole = self.storage.head(self.name, MOST_WHOLE)
            if not whole:
                raise too_large(self.name)
            path = to.with_suffix(".whole")
            path.write_bytes(content)
        with opened(path, kind, self.name) as stream, to.open("wb") as file:
            while (block := stream.read(_BLOCK)) and file.tell() <= MOST_WHOLE:
                file.write(block)
            if file.tell() > MOST_WHOLE:
                raise too_large(self.name)

    def opened(self) -> AbstractContextManager[IO[bytes]]:
        """Give the file as it is; of a storage only what is read is fetched."""
        if self.local is not None:
            return self.local.open("rb")
        assert self.storage is not None
        return self.storage.opened(self.name)


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
