"""Compressed files, known by how their names end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Any, Literal

from pydantic import Field

from etl.errors import DataError
from etl.messages import say

Compression = Literal["auto", "none", "gzip", "zstd", "bzip2", "xz"]
# The setting of a module that reads files.
CompressionSetting = Annotated[
    Compression,
    Field(
        description="How the file is compressed; auto tells by the end of its name: .gz, .zst, "
        ".bz2, .xz."
    ),
]

_ENDINGS = {".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".bz2": "bzip2", ".xz": "xz"}
_BLOCK = 1024 * 1024


def compression_of(name: str, given: Compression = "auto") -> str:
    """Return how a file is compressed: gzip, zstd, bzip2, xz or none."""
    if given != "auto":
        return given
    return _ENDINGS.get(Path(name).suffix.lower(), "none")


@contextmanager
def opened(path: Path, kind: str, name: str | None = None) -> Iterator[IO[bytes]]:
    """Give the decompressed bytes of a file; raise DataError, by its `name`, if they are broken."""
    with explained(name or path.name, kind), _opener(kind)(path) as stream:
        yield stream


@contextmanager
def explained(name: str, kind: str) -> Iterator[None]:
    """Raise DataError for a compressed file that is broken off or damaged."""
    import lzma
    import zlib

    try:
        yield
    except (EOFError, zlib.error, lzma.LZMAError) as exc:
        raise _broken(name, kind) from exc
    except OSError as exc:
        # The libraries say so of bad data, and the system gives a number for all else.
        if kind == "none" or exc.errno is not None:
            raise
        raise _broken(name, kind) from exc


def _broken(name: str, kind: str) -> DataError:
    return DataError(
        say(
            "file '{file}' is no whole {kind} file. Bring it again, or set compression.",
            file=name,
            kind=kind,
        ),
        field="config.path",
    )


def _opener(kind: str) -> Callable[[Path], Any]:
    import bz2
    import gzip
    import lzma

    table: dict[str, Callable[[Path], Any]] = {
        "none": lambda path: path.open("rb"),
        "gzip": lambda path: gzip.open(path, "rb"),  # noqa: SIM115
        "bzip2": lambda path: bz2.open(path, "rb"),  # noqa: SIM115
        "xz": lambda path: lzma.open(path, "rb"),  # noqa: SIM115
        "zstd": _open_zstd,
    }
    return table[kind]


def _open_zstd(path: Path) -> Any:
    import io

    import pyarrow as pa

    # Arrow's stream gives no lines.
    return io.BufferedReader(pa.input_stream(str(path), compression="zstd"))


def decompress(path: Path, kind: str, to: Path, name: str | None = None) -> Path:
    """Write the decompressed bytes of a file to another, piece by piece, and return that."""
    with opened(path, kind, name) as source, to.open("wb") as target:
        while block := source.read(_BLOCK):
            target.write(block)
    return to
