"""What is kept of a watermark: every position that it has had, and the windows on their way.

    <state>/<pipeline>/<node>/positions/<number>.json    each written once, and never changed
                              claims/<number>.json       the window being loaded from a position
                              windows/<id>/              seen.parquet, a mark a loader, and
                                                         what loaders note on the way

The newest position counts. A file is written only if it is not there, so that of two who would
follow the same position one wins, and the other finds out.
"""

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from etl.errors import ConfigError, TransientError
from etl.messages import say
from etl.storage import Storage, as_json

_POSITIONS, _CLAIMS, _WINDOWS, _LOADED, _SEEN = (
    "positions",
    "claims",
    "windows",
    "loaded",
    "seen.parquet",
)
_Made = TypeVar("_Made")

# Tries to follow the newest position while others do the same.
_TRIES = 20
_KEPT = 1000


@dataclass(frozen=True)
class Window:
    """The rows that one extractor read: those after position `base`, up to and with `upto`.

    `start` and `upto` are values of `column` in their SQL text form; `start` is None at the very
    beginning. `loaders` are the nodes that must have loaded them before the position moves.
    `floor` is the value below which no lag reaches: where the reading began, or was set to begin.
    `columns` are the names and types of what was read, for when a source has no rows to tell them.
    """

    id: str
    node: str
    base: int
    column: str
    type: str
    start: str | None
    upto: str
    loaders: tuple[str, ...]
    execution: str
    floor: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Window":
        """Return the window that `as_json` made."""
        return cls(**{**raw, "loaders": tuple(raw["loaders"])})

    def as_json(self) -> dict[str, Any]:
        """Return the window as JSON holds it."""
        return asdict(self)


@dataclass(frozen=True)
class Position:
    """How far a source has been read; `value` None is the very beginning.

    It was reached by a `window` of an `execution`, or set by a person, `by`, for a `reason`.
    """

    number: int
    value: str | None
    column: str = ""
    type: str = ""
    at: str = ""
    floor: str | None = None
    window: str | None = None
    execution: str | None = None
    by: str | None = None
    reason: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


class PositionStore:
    """The positions and windows of one node of one pipeline."""

    def __init__(self, state: str, pipeline: str, node: str) -> None:
        self._storage = Storage(state, setting="LOGIDATA_STATE")
        self._folder = (pipeline, node)

    def history(self, most: int = 100) -> list[Position]:
        """Return the newest positions, the newest first; the newest 1,000 are kept."""
        numbers = sorted(map(_number, self._storage.files(*self._folder, _POSITIONS)), reverse=True)
        return [self._position(number) for number in numbers[:most] if number]

    def current(self) -> Position:
        """Return the newest position: number 0, without a value, before the first load."""
        numbers = map(_number, self._storage.files(*self._folder, _POSITIONS))
        number = max(numbers, default=0)
        return self._position(number) if number else Position(0, None)

    def set(self, value: str | None, *, by: str, reason: str, column: str) -> Position:
        """Make a value the position; None is the very beginning. Return it as it is kept.

        A window that is being loaded meanwhile does not move it any more.
        """
        for _ in range(_TRIES):
            before = self.current()
            kind = before.type if before.column == column else ""
            position = Position(
                before.number + 1,
                value,
                column,
                kind,
                _now(),
                value,
                by=by,
                reason=reason,
                columns=before.columns,
            )
            if self._add(position):
                return position
        raise TransientError(say("the watermark changes all the time. Try again in a moment."))

    def claim(self, window: Window) -> None:
        """Let a load of the window begin; raise ConfigError if another window is being loaded."""
        if self._storage.create(as_json(window.as_json()), *self._claim(window.base)):
            return
        other = self.claimed(window.base)
        if other is not None and other.id != window.id:
            raise ConfigError(
                say(
                    "the execution {execution} has begun to load rows of '{node}' from the "
                    "same position of its watermark. Let it end, then execute again: what it "
                    "has not finished is taken up.",
                    execution=other.execution,
                    node=window.node,
                ),
            )

    def claimed(self, base: int) -> Window | None:
        """Return the window of which a load after the position `base` has begun."""
        return self._read(Window.from_json, *self._claim(base))

    def passed(self, window: Window) -> Position | None:
        """Return the newest position that another window has reached since this one was read."""
        for number in range(self.current().number, window.base, -1):
            position = self._position(number)
            # What was set by hand says nothing of what is loaded.
            if position.window is not None:
                return position if position.window != window.id else None
        return None

    def loaded(self, window: Window, loader: str) -> Position | None:
        """Note that a loader has committed a window; return the position if that moved it.

        It moves when the last of the loaders has; not if it was set by hand meanwhile.
        """
        place = (*self._window(window.id), _LOADED)
        self._storage.write(b"", *place, loader)
        if not set(window.loaders) <= set(self._storage.files(*place)):
            return None
        position = Position(
            window.base + 1,
            window.upto,
            window.column,
            window.type,
            _now(),
            window.floor,
            window=window.id,
            execution=window.execution,
            columns=window.columns,
        )
        if not self._add(position):
            there = self._position(position.number)
            return there if there.window == window.id else None
        self._forget_others(window.id)
        return position

    def has_loaded(self, window: Window, loader: str) -> bool:
        """Return whether a loader has committed a window."""
        return loader in self._storage.files(*self._window(window.id), _LOADED)

    def keep_seen(self, window: str, path: Path) -> None:
        """Keep a local file as what the window has seen around its end."""
        self._storage.put(path, *self._window(window), _SEEN)

    def seen(self, window: str | None, into: Path) -> Path | None:
        """Return a local copy, at `into`, of what a window has seen; None if there is none."""
        if window is None:
            return None
        try:
            self._storage.get(into, *self._window(window), _SEEN)
        except FileNotFoundError:
            return None
        return into

    def _window(self, window: str) -> tuple[str, ...]:
        return (*self._folder, _WINDOWS, window)

    def _claim(self, base: int) -> tuple[str, ...]:
        return (*self._folder, _CLAIMS, _name(base))

    def _add(self, position: Position) -> bool:
        content = as_json(asdict(position))
        if not self._storage.create(content, *self._folder, _POSITIONS, _name(position.number)):
            return False
        # Looked up by every execution, the folder must not grow without end.
        old = _name(position.number - _KEPT)
        self._storage.remove(*self._folder, _POSITIONS, old)
        self._storage.remove(*self._folder, _CLAIMS, old)
        return True

    def _position(self, number: int) -> Position:
        place = (*self._folder, _POSITIONS, _name(number))
        found = self._read(lambda raw: Position(**raw), *place)
        return Position(number, None) if found is None else found

    def _read(self, made: Callable[[dict[str, Any]], _Made], *parts: str) -> _Made | None:
        try:
            return made(json.loads(self._storage.read(*parts)))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, LookupError) as exc:
            raise ConfigError(
                say(
                    "the file {uri}, which holds how far a watermark has come, is damaged. "
                    "Put it back from a backup. Without one, remove it, and set the "
                    "watermark to where the target's data ends.",
                    uri=self._storage.uri(*parts),
                )
            ) from exc

    def _forget_others(self, window: str) -> None:
        # Nobody begins at an earlier position again: one that is set by hand has seen nothing.
        for other in self._storage.folders(*self._folder, _WINDOWS):
            if other != window:
                self._storage.remove(*self._window(other))


def watermarked_nodes(state: str, pipeline: str) -> list[str]:
    """Return the nodes of a pipeline of which positions are kept."""
    return sorted(Storage(state, setting="LOGIDATA_STATE").folders(pipeline))


def forget_pipeline(state: str, pipeline: str) -> None:
    """Remove all positions of a pipeline; there being none is fine."""
    if not pipeline or "/" in pipeline or pipeline.startswith("."):
        raise ConfigError(
            say("'{pipeline}' is no pipeline. Give the id of its DAG.", pipeline=pipeline)
        )
    Storage(state, setting="LOGIDATA_STATE").remove(pipeline)


def new_window_id() -> str:
    """Return an id that no other window has."""
    return uuid.uuid4().hex


def merged(windows: Sequence[Window]) -> tuple[Window, ...]:
    """Return windows without those that are there twice, in the order of their ids."""
    return tuple(sorted({w.id: w for w in windows}.values(), key=lambda w: w.id))


def _name(number: int) -> str:
    return f"{number:08}.json"


def _number(name: str) -> int:
    stem = name.removesuffix(".json")
    return int(stem) if stem.isdigit() else 0


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
