"""The output of a node: Parquet parts, and a manifest that is written last and commits them."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from etl.errors import ConfigError, TransientError
from etl.messages import say
from etl.storage import Storage, as_json
from etl.watermarks.store import Window

MANIFEST = "manifest.json"
_FORMAT = 1
_PART = re.compile(r"part-\d+\.parquet")


@dataclass(frozen=True)
class Column:
    """A column's name and its DuckDB type, such as BIGINT or DECIMAL(10,2)."""

    name: str
    type: str


@dataclass(frozen=True)
class Layout:
    """The columns that the raw records of some files have, and how these write dates and times.

    No `files` stand for all.
    """

    columns: tuple[Column, ...]
    files: tuple[str, ...] = ()
    date_format: str | None = None
    timestamp_format: str | None = None


@dataclass(frozen=True)
class Dataset:
    """A committed output. `parts` are file names in the folder `uri`; `size` is in bytes.

    `sample` holds the first records, at most 20, with JSON values only. Of a quarantine, `records`
    are the columns of the rows that it keeps as JSON, and `layouts` tell how raw records are to be
    read again; none where that is not known.
    `windows` are what its rows were read by, where that was by a watermark.
    """

    uri: str
    columns: tuple[Column, ...]
    rows: int
    size: int
    parts: tuple[str, ...]
    sample: tuple[Mapping[str, Any], ...] = ()
    records: tuple[Column, ...] = ()
    windows: tuple[Window, ...] = ()
    layouts: tuple[Layout, ...] = ()

    def column_names(self) -> list[str]:
        """Return the names of the columns, in order."""
        return [column.name for column in self.columns]


def commit(storage: Storage, folder: tuple[str, ...], dataset: Dataset) -> None:
    """Write the manifest: from now on, and not before, the dataset exists."""
    content = {"format": _FORMAT, **asdict(dataset)}
    del content["uri"]
    storage.write(as_json(content), *folder, MANIFEST)


def open_dataset(storage: Storage, uri: str) -> Dataset:
    """Return the dataset at `uri`; raise ConfigError if that is outside of `storage`.

    Raise TransientError if it was never committed, or is gone: running the node that makes it
    again helps.
    """
    folder = _parts_of(storage, uri)
    try:
        raw = json.loads(storage.read(*folder, MANIFEST))
        parts = tuple(raw["parts"])
        if raw["format"] != _FORMAT or not all(_PART.fullmatch(part) for part in parts):
            raise ValueError("unknown format")
        return Dataset(
            uri=uri,
            columns=_columns(raw["columns"]),
            rows=raw["rows"],
            size=raw["size"],
            parts=parts,
            sample=tuple(raw["sample"]),
            records=_columns(raw.get("records", ())),
            layouts=tuple(_layout(layout) for layout in raw.get("layouts", ())),
            windows=tuple(map(Window.from_json, raw.get("windows", ()))),
        )
    except FileNotFoundError:
        raise TransientError(
            say(
                "the staged data at {uri} is not there; it may have been cleaned up. "
                "Execute the pipeline again from the node that makes it.",
                uri=uri,
            )
        ) from None
    except (ValueError, KeyError, TypeError) as exc:
        raise ConfigError(
            say(
                "the manifest of the staged data at {uri} cannot be read. Execute the "
                "pipeline again from the node that makes it.",
                uri=uri,
            )
        ) from exc


def _columns(raw: Iterable[Mapping[str, str]]) -> tuple[Column, ...]:
    return tuple(Column(**column) for column in raw)


def _layout(raw: Mapping[str, Any]) -> Layout:
    return Layout(**{**raw, "columns": _columns(raw["columns"]), "files": tuple(raw["files"])})


def _parts_of(storage: Storage, uri: str) -> tuple[str, ...]:
    prefix = storage.root + "/"
    folder = tuple(uri.removeprefix(prefix).split("/"))
    if not uri.startswith(prefix) or ".." in folder:
        raise ConfigError(
            say(
                "the input at {uri} is outside of the staging area {root}. Set the same "
                "LOGIDATA_STAGING wherever tasks run.",
                uri=uri,
                root=storage.root,
            )
        )
    return folder


def local_parts(storage: Storage, dataset: Dataset, into: Path) -> list[Path]:
    """Return local paths of a dataset's parts, fetched into the folder `into` if need be."""
    folder = _parts_of(storage, dataset.uri)
    if storage.is_local:
        return [storage.local_path(*folder, part) for part in dataset.parts]
    into.mkdir(parents=True, exist_ok=True)
    for part in dataset.parts:
        storage.download(into / part, *folder, part)
    return [into / part for part in dataset.parts]


def open_part(storage: Storage, dataset: Dataset, part: str) -> BinaryIO:
    """Return one part of a dataset, open for reading; raise FileNotFoundError if it is gone."""
    return storage.open(*_parts_of(storage, dataset.uri), part)


def remove_try(staging: str, execution_id: str, node_id: str, attempt: int) -> None:
    """Remove what a try of a node has staged, unless it, or its rejected rows, are committed."""
    storage, folder = Storage(staging), (execution_id, node_id, str(attempt))
    places = [folder, *((*folder, name) for name in storage.folders(*folder))]
    if not any(MANIFEST in storage.files(*place) for place in places):
        storage.remove(*folder)


def remove_execution(staging: str, execution_id: str) -> None:
    """Remove everything that an execution has staged; nothing to remove is fine."""
    if not execution_id or "/" in execution_id or execution_id.startswith("."):
        raise ConfigError(
            say(
                "'{execution_id}' is no execution id. Give the id of an execution.",
                execution_id=execution_id,
            )
        )
    Storage(staging).remove(execution_id)
