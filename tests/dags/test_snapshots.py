"""Every content of a DAG folder is kept as it was, once, for as long as it is needed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from operators.snapshots import Head, Snapshots

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def dags(tmp_path: Path) -> Path:
    folder = tmp_path / "dags"
    folder.mkdir()
    (folder / "pipeline_a.py").write_text("a = 1")
    (folder / "pipeline_b.py").write_text("b = 1")
    return folder


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept"


@pytest.fixture
def snapshots(dags: Path, kept: Path) -> Snapshots:
    return Snapshots(dags, kept)


def content(snapshots: Snapshots, version: str) -> dict[str, str]:
    return {path.name: path.read_text() for path in snapshots.path_of(version).glob("*.py")}


def replace(path: Path, text: str) -> None:
    """Change a file as the generator does: in one step."""
    new = path.with_suffix(".tmp")
    new.write_text(text)
    new.replace(path)


def versions(kept: Path) -> set[str]:
    return {path.name for path in (kept / "versions").iterdir() if path.name[0] != "."}


def age(snapshots: Snapshots, version: str, days: float) -> None:
    at = time.time() - days * 86_400
    os.utime(snapshots.path_of(version), (at, at))


def prune(snapshots: Snapshots, *but: str, in_use: tuple[str, ...] = ()) -> int:
    week_ago = time.time() - 7 * 86_400
    return snapshots.prune(unused_since=week_ago, but=but, in_use=lambda versions: in_use)


def test_a_snapshot_stays_as_the_folder_was(dags, snapshots):
    first, _ = snapshots.take()
    replace(dags / "pipeline_a.py", "a = 2")
    (dags / "pipeline_b.py").unlink()
    (dags / "pipeline_c.py").write_text("c = 1")
    second, _ = snapshots.take()
    assert content(snapshots, first) == {"pipeline_a.py": "a = 1", "pipeline_b.py": "b = 1"}
    assert content(snapshots, second) == {"pipeline_a.py": "a = 2", "pipeline_c.py": "c = 1"}


def test_a_file_that_is_edited_in_place_changes_no_snapshot(dags, snapshots):
    first, _ = snapshots.take()
    (dags / "pipeline_a.py").write_text("a = 'edited'")
    second, _ = snapshots.take()
    assert content(snapshots, first)["pipeline_a.py"] == "a = 1"
    assert content(snapshots, second)["pipeline_a.py"] == "a = 'edited'"


def test_the_same_content_has_the_same_version_whoever_takes_it(dags, kept, snapshots, tmp_path):
    version, _ = snapshots.take()
    replace(dags / "pipeline_a.py", "a = 1")
    assert snapshots.take()[0] == version
    assert Snapshots(dags, tmp_path / "elsewhere").take()[0] == version
    assert versions(kept) == {version}


def test_a_renamed_file_makes_another_version(dags, snapshots):
    before, _ = snapshots.take()
    (dags / "pipeline_b.py").rename(dags / "pipeline_c.py")
    assert snapshots.take()[0] != before


def test_unchanged_files_are_shared_between_snapshots_but_not_with_the_folder(dags, snapshots):
    first, _ = snapshots.take()
    replace(dags / "pipeline_a.py", "a = 2")
    second, _ = snapshots.take()
    shared = snapshots.path_of(second) / "pipeline_b.py"
    assert shared.samefile(snapshots.path_of(first) / "pipeline_b.py")
    assert not shared.samefile(dags / "pipeline_b.py")


def test_without_hard_links_files_are_copied(dags, snapshots, monkeypatch):
    def no_links(*_: object) -> None:
        raise PermissionError("no links here")

    snapshots.take()
    monkeypatch.setattr(os, "link", no_links)
    replace(dags / "pipeline_a.py", "a = 2")
    version, _ = snapshots.take()
    assert content(snapshots, version) == {"pipeline_a.py": "a = 2", "pipeline_b.py": "b = 1"}


def test_changed_and_new_files_are_to_be_read_and_others_are_not(dags, snapshots):
    # At first Airflow reads everything.
    assert snapshots.take()[1] == set()
    assert snapshots.take()[1] == set()
    replace(dags / "pipeline_a.py", "a = 2")
    (dags / "pipeline_c.py").write_text("c = 1")
    assert snapshots.take()[1] == {"pipeline_a.py", "pipeline_c.py"}


def test_a_file_that_is_touched_is_to_be_read_again(dags, snapshots):
    version, _ = snapshots.take()
    later = time.time() + 1
    os.utime(dags / "pipeline_a.py", (later, later))
    assert snapshots.take() == (version, {"pipeline_a.py"})
    assert snapshots.take() == (version, set())


def test_a_file_that_is_kept_changes_with_the_next_snapshot_and_the_others_now(dags, snapshots):
    snapshots.take()
    replace(dags / "pipeline_a.py", "a = 2")
    replace(dags / "pipeline_b.py", "b = 2")
    second, to_read = snapshots.take(keep={"pipeline_a.py"})
    assert content(snapshots, second) == {"pipeline_a.py": "a = 1", "pipeline_b.py": "b = 2"}
    assert to_read == {"pipeline_b.py"}
    third, to_read = snapshots.take()
    assert content(snapshots, third) == {"pipeline_a.py": "a = 2", "pipeline_b.py": "b = 2"}
    assert to_read == {"pipeline_a.py"}


def test_a_file_that_is_removed_while_it_is_kept_goes_with_the_next_snapshot(dags, snapshots):
    snapshots.take()
    (dags / "pipeline_a.py").unlink()
    version, _ = snapshots.take(keep={"pipeline_a.py"})
    assert set(content(snapshots, version)) == {"pipeline_a.py", "pipeline_b.py"}
    assert set(content(snapshots, snapshots.take()[0])) == {"pipeline_b.py"}


def test_a_file_that_changes_between_its_reading_and_its_copy_is_read_again(
    dags, snapshots, monkeypatch
):
    """What a version names is what lies in it."""
    make = snapshots._make

    def changed_first(*arguments: object) -> None:
        monkeypatch.undo()
        replace(dags / "pipeline_a.py", "a = 2")
        make(*arguments)

    monkeypatch.setattr(snapshots, "_make", changed_first)
    version, _ = snapshots.take()
    assert content(snapshots, version)["pipeline_a.py"] == "a = 2"
    assert Snapshots(dags, dags.parent / "elsewhere").take()[0] == version


def test_other_files_and_folders_and_those_half_written_are_left_out(dags, snapshots):
    (dags / "operators").mkdir()
    (dags / "notes.txt").write_text("x")
    (dags / ".pipeline_c.py").write_text("half")
    assert set(content(snapshots, snapshots.take()[0])) == {"pipeline_a.py", "pipeline_b.py"}


def test_python_leaves_no_bytecode_in_a_snapshot(snapshots):
    folder = snapshots.path_of(snapshots.take()[0])
    code = "import pipeline_a; assert pipeline_a.a == 1"
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)
    assert sorted(path.name for path in folder.rglob("*")) == [
        "__pycache__",
        "pipeline_a.py",
        "pipeline_b.py",
    ]


def test_a_process_killed_while_it_takes_a_snapshot_leaves_none_that_is_used(dags, kept):
    for number in range(300):
        (dags / f"pipeline_{number}.py").write_text(f"n = {number}")
    code = (
        "from pathlib import Path; from operators.snapshots import Snapshots;"
        f"print('begun', flush=True); Snapshots(Path({str(dags)!r}), Path({str(kept)!r})).take()"
    )
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "dags")}
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    while not any((kept / "versions").glob(".new-*/pipeline_1*.py")):
        assert process.poll() is None, "it was done before it could be killed"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert versions(kept) == set()
    snapshots = Snapshots(dags, kept)
    version, _ = snapshots.take()
    assert len(content(snapshots, version)) == 302
    [left] = (kept / "versions").glob(".new-*")
    hours_ago = time.time() - 7200
    os.utime(left, (hours_ago, hours_ago))
    prune(snapshots, version)
    assert not left.exists()


def test_what_is_old_and_not_needed_is_removed(dags, kept, snapshots):
    taken = []
    for number in range(4):
        replace(dags / "pipeline_a.py", f"a = {number}")
        taken.append(snapshots.take()[0])
    old, in_use, young, current = taken
    for version in (old, in_use, current):
        age(snapshots, version, days=8)
    age(snapshots, young, days=6)
    assert prune(snapshots, current, in_use=(in_use,)) == 1
    assert versions(kept) == {in_use, young, current}
    assert list((kept / "versions").glob(".old-*")) == []
    # What they had in common is still there.
    assert content(snapshots, current)["pipeline_b.py"] == "b = 1"


def test_a_snapshot_that_is_returned_to_while_others_are_removed_stays(dags, kept, snapshots):
    version, _ = snapshots.take()
    age(snapshots, version, days=8)

    def returned(_: object) -> tuple[()]:
        Snapshots(dags, kept).take()
        return ()

    week_ago = time.time() - 7 * 86_400
    assert snapshots.prune(unused_since=week_ago, but=(), in_use=returned) == 0
    assert versions(kept) == {version}


def test_a_snapshot_that_somebody_removed_is_made_anew(dags, kept, snapshots):
    version, _ = snapshots.take()
    snapshots.path_of(version).rename(kept / "stolen")
    assert snapshots.take()[0] == version
    assert content(snapshots, version)["pipeline_a.py"] == "a = 1"


def test_a_head_keeps_its_path_and_is_no_other_process(dags, kept, snapshots):
    first = snapshots.path_of(snapshots.take()[0])
    head = Head(kept / "heads")
    head.show(first)
    path = head.path
    replace(dags / "pipeline_a.py", "a = 2")
    second = snapshots.path_of(snapshots.take()[0])
    head.show(second)
    assert head.path == path
    assert (path / "pipeline_a.py").read_text() == "a = 2"
    other = Head(kept / "heads")
    other.show(first)
    assert (path / "pipeline_a.py").read_text() == "a = 2"
    assert (other.path / "pipeline_a.py").read_text() == "a = 1"
    assert head.shown() == {first.name, second.name}
