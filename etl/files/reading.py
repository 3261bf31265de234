"""The files that an extractor reads: one or many, here or in object storage."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, model_validator

from etl.columns import NewColumnName
from etl.context import RunContext
from etl.dataset import Column
from etl.errors import ConfigError, DataError, ETLError, TransientError
from etl.files.compression import Compression, compression_of
from etl.files.paths import check_pattern, is_pattern, matching, readable
from etl.files.remote import RemoteFiles, check_uri, is_uri, remote_files
from etl.messages import say
from etl.module import ConnectionId, Extractor, ModuleConfig

if TYPE_CHECKING:
    from typing import Self

    import duckdb

    from etl.inputs import Inputs


def check_source(path: str) -> str:
    """Return `path` if it names files that may be read; else raise ValueError."""
    return check_uri(path) if is_uri(path) else check_pattern(path)


SourcePath = Annotated[
    str,
    Field(min_length=1, max_length=1000, json_schema_extra={"format": "data-path"}),
    AfterValidator(check_source),
]


# The setting `connection` of a module whose path may be a URI.
StorageConnection = Annotated[
    ConnectionId | None,
    Field(
        description="Connection for a URI: login and password are key and secret, host or the "
        "extra endpoint_url the address of the server.",
        json_schema_extra={"format": "connection"},
        examples=["lake"],
    ),
]


def check_connection(path: str, connection: str | None) -> None:
    """Raise ValueError unless a URI comes with a connection, and a local file without one."""
    if is_uri(path) and connection is None:
        raise ValueError(
            say("A URI needs a connection that holds the login. Name one under connection")
        )
    if connection is not None and not is_uri(path):
        raise ValueError(
            say("A connection is for URIs such as s3://bucket/key. Remove it, or correct the path")
        )


class SourceConfig(ModuleConfig):
    """Settings of a module that reads files."""

    path: SourcePath = Field(
        description="File below a data folder, or a URI (s3, gs, az, sftp) together with a "
        "connection. May be a pattern of many files: * ? [..], and ** for folders of any depth; "
        "they are read in the order of their names.",
        examples=["deliveries.csv", "days/2024-*.csv", "s3://lake/orders/**/*.csv"],
    )
    connection: StorageConnection = None
    file_column: NewColumnName | None = Field(
        default=None,
        description="Name of a column to add, with the name of the file of each row.",
        examples=["source_file"],
    )

    @model_validator(mode="after")
    def _connection_fits(self) -> "Self":
        check_connection(self.path, self.connection)
        return self


@dataclass(frozen=True)
class SourceFile:
    """One file to read. `local` is where it lies, `name` what people call it."""

    local: Path
    name: str
    # Only the head of the file is there.
    partial: bool = False
    # It is not compressed, whatever its name says.
    plain: bool = False

    def compression(self, given: Compression) -> str:
        """Return how it is compressed: gzip, zstd, bzip2, xz or none."""
        return "none" if self.plain else compression_of(self.name, given)


def source_files(config: SourceConfig, context: RunContext, scratch: Path) -> list[SourceFile]:
    """Return the files that a config names, at least one; those of a storage are fetched first.

    Raise DataError or ConfigError if there is none, or none that may be read.
    """
    if not is_uri(config.path):
        return local_files(config, context)
    storage = storage_of_source(config, context)
    files = []
    for number, uri in enumerate(storage.find(config.path)):
        local = scratch / f"{number}-{plain_name(uri)}"
        storage.download(uri, local)
        files.append(SourceFile(local, uri))
    return files


def local_files(config: SourceConfig, context: RunContext) -> list[SourceFile]:
    """Return the files that a config names in the data folders, at least one."""
    if is_pattern(config.path):
        found = matching(config.path, context.data_dirs)
        # DuckDB would take a file called a[1].csv for a pattern.
        odd = [name for name, path in found.items() if is_pattern(str(path))]
        if odd:
            raise ConfigError(
                say(
                    "file '{file}' has one of * ? [ ] in its name, which cannot be read. "
                    "Rename it.",
                    file=odd[0],
                ),
                field="config.path",
            )
        return [SourceFile(path, name) for name, path in found.items()]
    return [SourceFile(readable(config.path, context.data_dirs), config.path)]


def storage_of_source(config: SourceConfig, context: RunContext) -> RemoteFiles:
    """Return the storage that a config with a URI reads from."""
    return remote_files(config.path, config.connection or "", context)


def plain_name(uri: str) -> str:
    """Return the end of a URI as a name that no library takes for a pattern."""
    name = uri.rsplit("/", 1)[-1][-80:]
    return "".join(char if char.isalnum() or char in "._-" else "_" for char in name)


def file_heads(
    config: SourceConfig, context: RunContext, scratch: Path, *, size: int, most: int = 20
) -> list[SourceFile] | None:
    """Return the files that a config names, of remote ones only the head; None if too many."""
    if not is_uri(config.path):
        files = local_files(config, context)
        return files if len(files) <= most else None
    storage = storage_of_source(config, context)
    uris = storage.find(config.path)
    if len(uris) > most:
        return None
    heads = []
    for number, uri in enumerate(uris):
        content, whole = storage.head(uri, size)
        local = scratch / f"{number}-{plain_name(uri)}"
        local.write_bytes(content)
        heads.append(SourceFile(local, uri, partial=not whole))
    return heads


@contextmanager
def peeking(context: RunContext) -> "Iterator[tuple[Inputs, Path]]":
    """Give a DuckDB without inputs, and its scratch folder, to look at the head of files with."""
    import tempfile

    from etl.engine import Engine
    from etl.inputs import Inputs

    with tempfile.TemporaryDirectory(prefix="logidata-peek-") as folder:
        work = Path(folder).resolve()
        with Engine(tables={}, folder=work, memory_limit=context.memory_limit) as engine:
            yield Inputs({}, engine), engine.scratch


def peeked(
    module: Extractor,
    context: RunContext,
    read: "Callable[[Inputs, Path], duckdb.DuckDBPyRelation | None]",
) -> tuple[Column, ...] | None:
    """Return the columns that the relation of `read` would be staged with; None if it is None.

    Whatever goes wrong is raised as an ETLError.
    """
    import duckdb

    from etl.duckdb_errors import translate
    from etl.staging import stage
    from etl.storage import Storage

    with peeking(context) as (inputs, scratch):
        try:
            relation = read(inputs, scratch)
            if relation is None:
                return None
            storage = Storage(str(scratch.parent))
            return stage(relation.limit(0), inputs, storage, (), scratch.parent / "out").columns
        except ETLError:
            raise
        except OSError as exc:
            raise TransientError(
                say(
                    "its files cannot be looked at: {reason}. Check the disk, then try it again.",
                    reason=exc,
                )
            ) from exc
        except Exception as exc:
            explained = module.explain(exc)
            if explained is None and isinstance(exc, duckdb.Error):
                explained = translate(exc, context.memory_limit)
            raise explained or DataError(
                say(
                    "its files cannot be looked at ({reason}). Check that they are whole.",
                    reason=type(exc).__name__,
                ),
                field="config.path",
            ) from exc
