"""Where in a JSON document its records are."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from etl.errors import DataError
from etl.files.compression import compression_of, opened
from etl.files.reading import SourceFile
from etl.json_reading import JSONSet
from etl.messages import Message, say
from etl.sql import literal

if TYPE_CHECKING:
    import duckdb


def records_of(
    files: JSONSet,
    path: str,
    database: "duckdb.DuckDBPyConnection",
    scratch: Path,
    *,
    most: int,
) -> JSONSet:
    """Return files whose records can be streamed, written anew where they are at a `path`.

    Raise DataError if they are not there, or for a file of more than `most` bytes that must be
    taken apart.
    """
    if not path and all(_is_array(file) for file in files.files):
        return files
    lines = []
    for number, file in enumerate(files.files):
        to = scratch / f"{number}-records.jsonl"
        _write_records(file, path, database, to, most)
        lines.append(SourceFile(to, file.name))
    return replace(files, layout="newline_delimited", files=tuple(lines))


def _is_array(file: SourceFile) -> bool:
    with opened(file.local, compression_of(file.local.name), file.name) as stream:
        return stream.read(64 * 1024).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"["


def _write_records(
    file: SourceFile, path: str, database: "duckdb.DuckDBPyConnection", to: Path, most: int
) -> None:
    size = file.local.stat().st_size
    if size > most:
        raise DataError(
            say(
                "file '{file}' has {size} bytes, and no more than {most} fit into memory while it "
                "is taken apart. Raise LOGIDATA_MEMORY_LIMIT, or bring it as JSON Lines.",
                file=file.name,
                size=size,
                most=most,
            ),
            field="config.path",
        )
    pointer = "".join(
        "/" + name.replace("~", "~0").replace("/", "~1") for name in path.split(".") if name
    )
    document = (
        f"read_json_objects({literal(str(file.local))}, format = 'unstructured',"
        f" maximum_object_size = {max(size * 20, 1 << 20)})"
    )
    found = f"json_extract(json, {literal(pointer)})" if pointer else "json"
    row = database.execute(
        f"SELECT count(*), min(json_type({found})) FROM {document}"  # noqa: S608
    ).fetchone()
    documents, kind = row or (0, None)
    if documents != 1 or kind not in ("ARRAY", "OBJECT"):
        raise DataError(_misplaced(file.name, path, documents, kind), field="config.records")
    records = f"unnest(CAST({found} AS JSON[]))" if kind == "ARRAY" else found
    database.execute(
        f"COPY (SELECT CAST({records} AS VARCHAR) FROM {document}) TO {literal(str(to))}"  # noqa: S608
        r" (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01')"
    )


def _misplaced(name: str, path: str, documents: int, kind: str | None) -> Message:
    if documents != 1:
        return say(
            "file '{file}' has {documents} documents, not one. Correct the path to its records "
            "under records.",
            file=name,
            documents=documents,
        )
    if kind is None:
        return say(
            "file '{file}' has nothing at '{path}'. Correct the path to its records under records.",
            file=name,
            path=path,
        )
    return say(
        "file '{file}' has a value of type {type} at '{path}'. Correct the path to its records "
        "under records.",
        file=name,
        type=kind,
        path=path,
    )
