"""Local files that a pipeline may read and write: only below the configured data folders."""

from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Annotated

from pydantic import AfterValidator, Field

from etl.errors import ConfigError, DataError
from etl.messages import say

# DuckDB reads these as patterns, so such a name could stand for other files.
_PATTERN = set("*?[]")


def is_pattern(path: str) -> bool:
    """Return whether a path stands for all files whose names fit it."""
    return bool(_PATTERN & set(path))


def check_pattern(path: str) -> str:
    """Return `path`, which may be a pattern, if it stays below a folder; else raise ValueError."""
    if PurePosixPath(path).is_absolute() or PureWindowsPath(path).drive or "\\" in path:
        raise ValueError(
            say("'{path}' is not relative. Name a file below the data folder", path=path)
        )
    if ".." in PurePosixPath(path).parts or path.startswith("~"):
        raise ValueError(say("'{path}' leaves the data folder. Name a file below it", path=path))
    if not path.isprintable():
        raise ValueError(say("'{path}' holds a control character. Rename the file", path=path))
    return path


def check_relative(path: str) -> str:
    """Return `path` if it is one file's, below a folder by its text; else raise ValueError."""
    check_pattern(path)
    if is_pattern(path):
        raise ValueError(
            say("'{path}' holds one of * ? [ ], which no file here may. Rename the file", path=path)
        )
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
    raise DataError(
        say(
            "file '{path}' does not exist in {folders}. Put it there, or correct the path.",
            path=path,
            folders=_named(data_dirs),
        ),
        field="config.path",
    )


def matching(pattern: str, data_dirs: Sequence[Path]) -> dict[str, Path]:
    """Return {path below its data folder: real path} of the files that fit a pattern, sorted.

    A file hides those of the same path in later folders; names that begin with a dot are left
    out. Raise ConfigError if no file fits, or if one leads out of the data folders.
    """
    _checked(pattern, check_pattern)
    found: dict[str, Path] = {}
    for folder in data_dirs:
        for path in folder.glob(pattern):
            name = path.relative_to(folder)
            hidden = any(part.startswith(".") for part in name.parts)
            if not hidden and path.is_file():
                found.setdefault(name.as_posix(), _inside(path.resolve(), str(name), folder))
    if not found:
        raise ConfigError(
            say(
                "no file in {folders} fits '{pattern}'. Put one there, or correct the path.",
                folders=_named(data_dirs),
                pattern=pattern,
            ),
            field="config.path",
        )
    return dict(sorted(found.items()))


def _named(data_dirs: Sequence[Path]) -> str:
    return ", ".join(str(folder) for folder in data_dirs) or say("no folder at all")


def writable(path: str, data_dirs: Sequence[Path], *, folder: bool = False) -> Path:
    """Return where a file is to be written: below the first data folder, made if need be.

    With `folder` it is to be a folder. Raise ConfigError if that leads out of the data folder, or
    if something else is there already.
    """
    _checked(path)
    if not data_dirs:
        raise ConfigError(say("there is no data folder to write to. Set LOGIDATA_DATA_DIRS."))
    root = data_dirs[0]
    target = root / path
    # The nearest folder that exists decides: whatever is made below it cannot lead elsewhere.
    existing = target.parent
    while not existing.exists() and existing != root:
        existing = existing.parent
    _inside(existing.resolve(), path, root)
    if target.is_symlink() or (target.exists() and target.is_dir() != folder) or target == root:
        message = (
            say(
                "'{path}' is a link or a file, and is not replaced. Name another folder.", path=path
            )
            if folder
            else say(
                "'{path}' is a link or a folder, and is not replaced. Name another file.", path=path
            )
        )
        raise ConfigError(message, field="config.path")
    target.parent.mkdir(parents=True, exist_ok=True)
    return _inside(target.parent.resolve(), path, root) / target.name


def _checked(path: str, check: Callable[[str], str] = check_relative) -> None:
    try:
        check(path)
    except ValueError as exc:
        raise ConfigError(say("{problem}.", problem=exc.args[0]), field="config.path") from None


def _inside(real: Path, path: str, folder: Path) -> Path:
    if not real.is_relative_to(folder.resolve()):
        raise ConfigError(
            say(
                "'{path}' leads out of the data folder through a link. Put the file itself there.",
                path=path,
            ),
            field="config.path",
        )
    return real
