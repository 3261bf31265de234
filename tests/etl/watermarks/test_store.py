"""What is kept of a watermark, when several write at once, in a folder and in object storage."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from etl.errors import ConfigError
from etl.storage import Storage
from etl.watermarks.store import (
    PositionStore,
    Window,
    forget_pipeline,
    new_window_id,
    watermarked_nodes,
)


@pytest.fixture(params=["folder", "memory"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "folder":
        yield str(tmp_path)
        return
    from fsspec.implementations.memory import MemoryFileSystem

    yield "memory://state"
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


@pytest.fixture
def store(root: str) -> PositionStore:
    return PositionStore(root, "pipeline_1", "read")


def window(upto: str = "9", *, base: int = 0, loaders: tuple[str, ...] = ("load",)) -> Window:
    return Window(new_window_id(), "read", base, "id", "BIGINT", None, upto, loaders, "run-1")


def test_it_moves_once_the_last_loader_has_loaded(store: PositionStore) -> None:
    read = window(loaders=("a", "b"))
    assert store.loaded(read, "b") is None
    assert store.current().number == 0
    moved = store.loaded(read, "a")
    assert moved is not None
    assert moved.value == "9"
    assert store.current() == moved


def test_a_loader_that_says_it_again_changes_nothing(store: PositionStore) -> None:
    read = window()
    assert store.loaded(read, "load") == store.loaded(read, "load")
    assert len(store.history()) == 1


def test_of_two_windows_from_one_position_the_first_to_load_has_it(store: PositionStore) -> None:
    first, second = window(), window()
    store.claim(first)
    store.claim(first)
    with pytest.raises(ConfigError, match="run-1 has begun to load rows of 'read'"):
        store.claim(second)
    assert store.claimed(0) == first


def test_of_two_windows_that_both_load_the_first_moves_it(store: PositionStore) -> None:
    first, second = window("5"), window("7")
    assert store.loaded(first, "load") is not None
    assert store.loaded(second, "load") is None
    assert store.current().value == "5"


def test_many_who_set_it_at_once_all_get_a_number_of_their_own(tmp_path: Path) -> None:
    store = PositionStore(str(tmp_path), "pipeline_1", "read")

    def change(number: int) -> int:
        return store.set(str(number), by="ada", reason="a test", column="id").number

    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(change, range(12)))
    assert sorted(numbers) == list(range(1, 13))
    assert [position.number for position in store.history()] == list(range(12, 0, -1))


def test_of_many_who_create_a_file_one_does(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda n: storage.create(str(n).encode() * 1000, "a", "b"), range(20)))
    assert made.count(True) == 1
    assert storage.read("a", "b") == str(made.index(True)).encode() * 1000


def test_what_windows_have_seen_goes_with_the_next_position(
    store: PositionStore, root: str, tmp_path: Path
) -> None:
    file = tmp_path / "seen"
    file.write_bytes(b"fingerprints")
    old, new = window(), window("10", base=1)
    store.keep_seen(old.id, file)
    store.loaded(old, "load")
    assert store.seen(old.id, tmp_path / "copy") is not None
    assert (tmp_path / "copy").read_bytes() == b"fingerprints"
    store.loaded(new, "load")
    assert store.seen(old.id, tmp_path / "copy") is None
    assert Storage(root).folders("pipeline_1", "read", "windows") == [new.id]


def test_a_pipeline_is_forgotten_as_a_whole(store: PositionStore, root: str) -> None:
    store.set("1", by="ada", reason="a test", column="id")
    assert watermarked_nodes(root, "pipeline_1") == ["read"]
    forget_pipeline(root, "pipeline_1")
    assert watermarked_nodes(root, "pipeline_1") == []
    assert store.current().number == 0
    with pytest.raises(ConfigError, match="no pipeline"):
        forget_pipeline(root, "")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"unknown": 1}', b"\xff"])
def test_a_damaged_file_is_named_with_what_to_do(
    store: PositionStore, root: str, content: bytes
) -> None:
    Storage(root).write(content, "pipeline_1", "read", "positions", "00000001.json")
    with pytest.raises(ConfigError, match=r"00000001\.json.* is damaged\. Put it back"):
        store.current()
    Storage(root).write(content, "pipeline_1", "read", "claims", "00000001.json")
    with pytest.raises(ConfigError, match=r"claims/00000001\.json.* is damaged"):
        store.claimed(1)
