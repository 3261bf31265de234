"""The partitions of a folder of Parquet files, beside those that a load is about to replace."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from etl.columns import ColumnName
from etl.context import RunContext
from etl.databases.config import OnDrift
from etl.databases.drift import Drift, drift_of
from etl.dataset import Column
from etl.errors import DataError
from etl.files.folders import parts_of
from etl.files.paths import writable
from etl.files.remote import RemoteFiles, is_uri
from etl.files.writing import TargetConfig, storage_of
from etl.messages import say
from etl.sql import literal

if TYPE_CHECKING:
    import duckdb

_MAGIC = b"PAR1"
# Of most files the footer is within so many bytes of the end, so that they are read once.
_USUAL = 64 * 1024
_AT_ONCE = 8


@dataclass(frozen=True)
class Partitions:
    """The other partitions of the folder that a config names: all that are not in `made`."""

    config: TargetConfig
    context: RunContext
    made: Path

    def drift(
        self,
        columns: tuple[Column, ...],
        partition_by: list[ColumnName],
        policy: OnDrift,
        database: "duckdb.DuckDBPyConnection",
        scratch: Path,
    ) -> Drift:
        """Return what becomes of the input's `columns` beside those of the other partitions.

        Raise DataError if the policy does not allow the difference, and for a column whose type
        or spelling differs.
        """
        folder = self.config.path.rstrip("/")
        existing: dict[str, Column] = {}
        names = self._files()
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            footers = [scratch / f"{number}-footer.parquet" for number in range(len(names))]
            list(pool.map(self._fetch_footer, names, footers))
        for name, footer in zip(names, footers, strict=True):
            for column in self._columns(name, footer, database):
                existing.setdefault(column.name.casefold(), column)
                _require_alike(column, columns, folder, name)
        if not existing:
            return Drift(columns)
        # By their values the folders are called, so that they are known without being in a file.
        parted = {name.casefold(): name for name in partition_by}
        known = [column.name for column in existing.values()]
        return drift_of(
            folder,
            columns,
            [*known, *(name for key, name in parted.items() if key not in existing)],
            policy,
            fold=str.casefold,
            kind="folder",
            field="config.path",
        )

    def _files(self) -> list[str]:
        """Return a file of each partition: what is in one is written by one load."""
        replaced = {part.as_posix() for part in parts_of(self.made)}
        found: dict[str, str] = {}
        for name in self._all_files():
            part = PurePosixPath(name).parent.as_posix()
            if name.endswith(".parquet") and not _is_hidden(name) and part not in replaced:
                found.setdefault(part, name)
        return list(found.values())

    def _all_files(self) -> list[str]:
        """Return the names of all files, relative to the folder."""
        if is_uri(self.config.path):
            root = f"{self.config.path.rstrip('/')}/"
            return [uri.removeprefix(root) for uri in self._storage.below(root)]
        return sorted(
            path.relative_to(self._folder).as_posix() for path in self._folder.rglob("*.parquet")
        )

    @property
    def _folder(self) -> Path:
        return writable(self.config.path, self.context.data_dirs, folder=True)

    def _fetch_footer(self, name: str, to: Path) -> None:
        with self._opened(name) as stream:
            if not _copy_footer(stream, to):
                raise self._unreadable(name)

    def _columns(
        self, name: str, footer: Path, database: "duckdb.DuckDBPyConnection"
    ) -> list[Column]:
        import duckdb

        reader = f"read_parquet({literal(str(footer))}, hive_partitioning = false)"
        try:
            rows = database.execute(f"DESCRIBE FROM {reader}").fetchall()
        except duckdb.Error as exc:
            raise self._unreadable(name) from exc
        return [Column(row[0], row[1]) for row in rows]

    def _unreadable(self, name: str) -> DataError:
        return DataError(
            say(
                "file '{file}' in '{folder}' is no Parquet file that can be read. Remove it, or "
                "write the whole folder anew with replace: all.",
                file=name,
                folder=self.config.path,
            ),
            field="config.path",
        )

    @contextmanager
    def _opened(self, name: str) -> Iterator[IO[bytes]]:
        if is_uri(self.config.path):
            with self._storage.opened(f"{self.config.path.rstrip('/')}/{name}") as stream:
                yield stream
            return
        with (self._folder / name).open("rb") as stream:
            yield stream

    @cached_property
    def _storage(self) -> RemoteFiles:
        return storage_of(self.config, self.context)


def _is_hidden(name: str) -> bool:
    """Return whether readers leave out a file, as one that is only being written."""
    path = PurePosixPath(name)
    return path.name.startswith("_") or any(part.startswith(".") for part in path.parts)


def _copy_footer(stream: IO[bytes], to: Path) -> bool:
    """Write a file that has the footer of a Parquet file at its place, and a hole before it.

    That is enough for DuckDB to tell the columns. Return whether it is a Parquet file.
    """
    size = stream.seek(0, 2)
    stream.seek(max(size - _USUAL, 0))
    footer = stream.read()
    length = int.from_bytes(footer[-8:-4], "little") + 8
    if not footer.endswith(_MAGIC) or length + len(_MAGIC) > size:
        return False
    if length > len(footer):
        stream.seek(size - length)
        footer = stream.read()
    footer = footer[-length:]
    with to.open("wb") as target:
        target.write(_MAGIC)
        target.seek(size - length)
        target.write(footer)
    return True


def _require_alike(existing: Column, columns: tuple[Column, ...], folder: str, name: str) -> None:
    part = PurePosixPath(name).parent
    for column in columns:
        if column.name.casefold() != existing.name.casefold():
            continue
        if column.name != existing.name:
            # Most readers of Parquet would see two columns.
            raise DataError(
                say(
                    "folder {folder} has column '{column}' in {part}, and the input calls it "
                    "'{other}'. Give it that name with transform.select.",
                    folder=folder,
                    column=existing.name,
                    part=part,
                    other=column.name,
                ),
                field="config.path",
            )
        if column.type != existing.type:
            raise DataError(
                say(
                    "folder {folder} has column '{column}' as {type} in {part}, and the input has "
                    "it as {other}. Give it that type with transform.cast, or write the whole "
                    "folder anew with replace: all.",
                    folder=folder,
                    column=existing.name,
                    type=existing.type,
                    part=part,
                    other=column.type,
                ),
                field="config.path",
            )
