"""Parquet files in a storage, of which only a part is fetched."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from etl.context import RunContext, Sample
from etl.errors import DataError
from etl.files.reading import SourceConfig, SourceFile, storage_of_source
from etl.files.remote import RemoteFiles
from etl.messages import say

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_MOST_FILES = 20


def remote_schemas(
    config: SourceConfig, context: RunContext, scratch: Path
) -> list[SourceFile] | None:
    """Return Parquet files without rows that have the columns of remote ones; None if too many.

    Only the footers are fetched. Raise DataError for a file that has none.
    """
    storage = storage_of_source(config, context)
    uris = storage.find(config.path)
    if len(uris) > _MOST_FILES:
        return None
    return [_written(storage, uri, scratch / f"{n}.parquet", 0) for n, uri in enumerate(uris)]


def first_rows(
    config: SourceConfig, context: RunContext, sample: Sample, scratch: Path
) -> list[SourceFile]:
    """Return Parquet files with the first rows of remote ones, as many as a sample wants.

    Only the pages with these rows are fetched. What is left out is noted in the sample.
    """
    storage = storage_of_source(config, context)
    files: list[SourceFile] = []
    for number, uri in enumerate(storage.find(config.path)):
        if number == _MOST_FILES:
            sample.cut = True
            break
        file = _written(storage, uri, scratch / f"{number}.parquet", sample.rows)
        sample.cut |= file.partial
        files.append(file)
    return files


def _written(storage: RemoteFiles, uri: str, local: Path, rows: int) -> SourceFile:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with storage.opened(uri) as stream:
        try:
            # Pages one after the other: whole row groups can be gigabytes.
            file = pq.ParquetFile(stream, buffer_size=1 << 20, pre_buffer=False)
        except pa.ArrowInvalid:
            raise DataError(
                say("file '{file}' is no Parquet file that can be read. Bring it again.", file=uri),
                field="config.path",
            ) from None
        pq.write_table(pa.Table.from_batches(_first(file, rows), file.schema_arrow), local)
        return SourceFile(local, uri, partial=file.metadata.num_rows > rows)


def _first(file: "pq.ParquetFile", rows: int) -> "Iterator[pa.RecordBatch]":
    """Yield the first so many rows."""
    for batch in file.iter_batches(batch_size=max(rows, 1)) if rows else ():
        yield batch.slice(0, rows)
        rows -= batch.num_rows
        if rows <= 0:
            return
