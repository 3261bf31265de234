"""CSV files made ready for DuckDB: fetched, decompressed where it cannot, looked at beforehand."""

import codecs
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from etl.csv_errors import RAW_LENGTH, UNTERMINATED, at_line, unterminated
from etl.csv_quotes import LONGEST_VALUE, Unterminated, copy_start, look_at_quotes
from etl.csv_quotes import TooLongError as _TooLong
from etl.csv_reading import CSVFile, CSVOptions
from etl.errors import DataError
from etl.files.compression import Compression, compression_of, decompress, opened
from etl.files.reading import SourceFile
from etl.messages import say
from etl.sql import literal

_NATIVE = ("none", "gzip", "zstd")
# What DuckDB decodes itself. All else is turned into UTF-8 first.
_DECODED = ("utf-8", "latin-1")
_BLOCK = 1024 * 1024


@dataclass(frozen=True)
class CSVSet:
    """Files that are ready to be read, and the last records of those that a quote cuts off."""

    files: tuple[CSVFile, ...]
    options: CSVOptions
    cut_off: tuple[tuple[str, Unterminated], ...] = ()

    @property
    def names(self) -> dict[str, str]:
        """What people call each file, by the path that DuckDB knows."""
        return {str(file.path): file.name for file in self.files}

    def cut_off_sql(self) -> str:
        """Return the SELECT of the records that were cut off, as rows of a quarantine, or ""."""
        return " UNION ALL ".join(
            f"SELECT {literal(UNTERMINATED)}, CAST(NULL AS VARCHAR), {literal(name)},"
            f" CAST({found.line} AS BIGINT), {literal(found.text)}"
            for name, found in self.cut_off
        )


def prepared(
    sources: Sequence[SourceFile],
    options: CSVOptions,
    compression: Compression,
    scratch: Path,
    *,
    rejects: bool,
) -> CSVSet:
    """Return the files as DuckDB can read them; raise DataError, with the line, if it cannot.

    A file whose last quote is never closed is an error, or with `rejects` is read up to there.
    """
    ready, cut_off = [], []
    for number, source in enumerate(sources):
        if source.local.stat().st_size == 0:
            raise DataError(
                say("file '{file}' is empty. It needs at least a header line.", file=source.name),
                field="config.path",
            )
        file = _readable(source, options.encoding, compression, scratch / f"{number}.csv")
        found = _look(file, options)
        if isinstance(found, Unterminated):
            # Of a head the last record may break off.
            if not source.partial:
                if not rejects:
                    raise at_line(file.name, found.line, unterminated())
                cut_off.append((file.name, found))
            short = scratch / f"{number}-start.csv"
            copy_start(file.path, file.compression, found.start, short)
            file = replace(file, path=short, compression="none", simple=False)
        else:
            file = replace(file, simple=found and file.compression == "none")
        ready.append(file)
    encoding = options.encoding if options.encoding in _DECODED else "utf-8"
    return CSVSet(tuple(ready), replace(options, encoding=encoding), tuple(cut_off))


def heads(
    sources: Sequence[SourceFile], options: CSVOptions, compression: Compression, scratch: Path
) -> CSVSet:
    """Return the heads of the files, cut at a line's end, to guess columns from."""
    ready = []
    for number, source in enumerate(sources):
        file = CSVFile(source.local, source.name, compression_of(source.name, compression))
        if source.partial or file.compression not in _NATIVE or options.encoding not in _DECODED:
            file = _head(file, options.encoding, scratch / f"{number}-head.csv")
        ready.append(file)
    encoding = options.encoding if options.encoding in _DECODED else "utf-8"
    return CSVSet(tuple(ready), replace(options, encoding=encoding))


def _head(file: CSVFile, encoding: str, to: Path) -> CSVFile:
    content = b""
    try:
        with opened(file.path, file.compression, file.name) as stream:
            while len(content) < 4 * _BLOCK and (block := stream.read(65536)):
                content += block
    except DataError:
        # Of a compressed file only the head is there, so that it breaks off.
        if not content:
            raise
    if encoding not in _DECODED:
        content = content.decode(encoding, errors="ignore").encode()
    if len(content) >= 4 * _BLOCK or file.compression != "none":
        content = content[: content.rfind(b"\n") + 1] or content
    to.write_bytes(content)
    return replace(file, path=to, compression="none")


def _readable(source: SourceFile, encoding: str, compression: Compression, to: Path) -> CSVFile:
    kind = source.compression(compression)
    if encoding not in _DECODED:
        _decode(source, kind, encoding, to)
        return CSVFile(to, source.name)
    if kind in _NATIVE:
        return CSVFile(source.local, source.name, kind)
    return CSVFile(decompress(source.local, kind, to, source.name), source.name)


def _decode(source: SourceFile, kind: str, encoding: str, to: Path) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    done = 0
    try:
        with opened(source.local, kind, source.name) as stream, to.open("wb") as target:
            while block := stream.read(_BLOCK):
                target.write(decoder.decode(block).encode())
                done += len(block)
            target.write(decoder.decode(b"", final=True).encode())
    except UnicodeError as exc:
        raise DataError(
            say(
                "file '{file}' is not in {encoding}: its bytes do not fit near byte {place}. Set "
                "encoding, or save the file as UTF-8.",
                file=source.name,
                encoding=encoding,
                place=done + getattr(exc, "start", 0) + 1,
            ),
            field="config.encoding",
        ) from None


def _look(file: CSVFile, options: CSVOptions) -> Unterminated | bool:
    """Return the record that a quote cuts off, else whether every quote ends on its line."""
    encoding = options.encoding if options.encoding in _DECODED else "utf-8"
    try:
        quotes = look_at_quotes(
            file.path,
            file.compression,
            quote=options.quote,
            delimiter=options.delimiter,
            encoding=encoding,
            raw_length=RAW_LENGTH,
        )
    except _TooLong as exc:
        problem = say(
            "a quoted value goes on for more than {most} characters. Close its quote, or double "
            "quotes within it.",
            most=LONGEST_VALUE,
        )
        raise at_line(file.name, exc.line, problem) from None
    return quotes.unterminated or quotes.simple
