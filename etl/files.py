"""Files that a pipeline may read and write: only below the configured data folders."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Annotated

from pydantic import AfterValidator, Field

from etl.context import RunContext
from etl.errors import ConfigError, DataError

# DuckDB reads these as patterns, so such a name could stand for other files.
_PATTERN = set("*?[]")


def check_relative(path: str) -> str:
    """Return `path` if it stays below a folder by its text alone; else raise ValueError."""
    if PurePosixPath(path).is_absolute() or PureWindowsPath(path).drive or "\\" in path:
        raise ValueError(f"'{path}' is not relative. Name a file below the data folder")
    if ".." in PurePosixPath(path).parts or path.startswith("~"):
        raise ValueError(f"'{path}' leaves the data folder. Name a file below it")
    if _PATTERN & set(path) or not path.isprintable():
        raise ValueError(f"'{path}' holds one of * ? [ ] or a control character. Rename the file")
    return path


DataPath = Annotated[
    str,
    Field(min_length=1, max_length=500, json_schema_extra={"format": "data-path"}),
    AfterValidator(check_relative),
]


def readable(path: str, data_dirs: Sequence[Path]) -> Path:
    """Return the real path of a file, looked up in the data folders in their order.

    Raise DataError if it is in none, and ConfigError if it leads out of them.
    """
    _checked(path)
    for folder in data_dirs:
        found = folder / path
        if found.is_file():
            return _inside(found.resolve(), path, folder)
    folders = ", ".join(str(folder) for folder in data_dirs) or "no folder at all"
    raise DataError(
        f"file '{path}' does not exist in {folders}. Put it there, or correct the path.",
        field="config.path",
    )


def writable(path: str, data_dirs: Sequence[Path]) -> Path:
    """Return where a file is to be written: below the first data folder, made if need be.

    Raise ConfigError if that leads out of it.
    """
    _checked(path)
    if not data_dirs:
        raise ConfigError("there is no data folder to write to. Set LOGIDATA_DATA_DIRS.")
    root = data_dirs[0]
    target = root / path
    # The nearest folder that exists decides: whatever is made below it cannot lead elsewhere.
    existing = target.parent
    while not existing.exists() and existing != root:
        existing = existing.parent
    _inside(existing.resolve(), path, root)
    if target.is_symlink() or target.is_dir():
        raise ConfigError(
            f"'{path}' is a link or a folder, and is not replaced. Name another file.",
            field="config.path",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    return _inside(target.parent.resolve(), path, root) / target.name


def _checked(path: str) -> None:
    try:
        check_relative(path)
    except ValueError as exc:
        raise ConfigError(f"{exc}.", field="config.path") from None


def _inside(real: Path, path: str, folder: Path) -> Path:
    if not real.is_relative_to(folder.resolve()):
        raise ConfigError(
            f"'{path}' leads out of the data folder through a link. Put the file itself there.",
            field="config.path",
        )
    return real


@contextmanager
def replaced(path: str, context: RunContext) -> Iterator[Path]:
    """Give a temporary path to write; at the end it becomes the file `path`, at once.

    If the block raises, or the execution was cancelled meanwhile, the old file stays as it was
    and the temporary one is removed.
    """
    target = writable(path, context.data_dirs)
    temporary = target.with_name(
        f".{target.name}.{context.execution_id}.{context.node_id}.{context.attempt}"[:200]
    )
    try:
        yield temporary
        context.check_stop()
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
