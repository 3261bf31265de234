"""A folder on a disk that is full, or that can only be read, for a while."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

BLOCK = 4096
FILLER = ".filler"


def _mount(mounted: ExitStack, target: Path, *what: str) -> None:
    """Mount something, for as long as `mounted` lasts.

    Only root may; a test that cannot bring its fault about fails.
    """
    target.mkdir(exist_ok=True)
    subprocess.run(["mount", *what, str(target)], check=True, capture_output=True, text=True)
    mounted.callback(subprocess.run, ["umount", "--lazy", str(target)], check=True)


@contextmanager
def full(folder: Path, aside: Path) -> Iterator[None]:
    """Have the folder, with all that is in it, on a disk without any room left.

    What changed there is in the folder afterwards. `aside` is an empty folder to work in.
    """
    disk, below = aside / "disk", aside / "below"
    with ExitStack() as mounted:
        _mount(mounted, disk, "-t", "tmpfs", "-o", f"size={_size(folder)}", "tmpfs")
        shutil.copytree(folder, disk, dirs_exist_ok=True)
        _fill(disk / FILLER)
        _mount(mounted, below, "--bind", str(folder))
        # In one step, so that the folder never looks empty.
        _mount(mounted, folder, "--bind", str(disk))
        yield
        shutil.copytree(folder, below, dirs_exist_ok=True, ignore=shutil.ignore_patterns(FILLER))


def _size(folder: Path) -> int:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sum(-(-path.stat().st_size // BLOCK) * BLOCK for path in files) + 256 * BLOCK


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * BLOCK)
        except OSError:
            return


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Have the folder as it is, but refuse every change of it."""
    with ExitStack() as mounted:
        _mount(mounted, folder, "--bind", str(folder))
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
        yield
