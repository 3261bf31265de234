import os
import shutil
import subprocess
from pathlib import Path

from stack.layout import PROJECT


def install(folder: Path, python: str) -> subprocess.CompletedProcess[str]:
    (folder / "stack").mkdir()
    shutil.copy(PROJECT / "stack" / "install.sh", folder / "stack")
    return subprocess.run(
        ["sh", "stack/install.sh", ".venv/.runtime", "requirements.txt"],
        cwd=folder,
        env=os.environ | {"PYTHON": python},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_machine_without_a_fitting_python_is_told_which_one_to_install(tmp_path):
    old = tmp_path / "python-that-is-too-old"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = install(tmp_path, str(old))
    assert done.returncode == 1
    assert "needs Python 3.11 to 3.14" in done.stderr
    assert "make up PYTHON=" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_a_python_without_venv_leaves_no_half_environment(tmp_path):
    bare = tmp_path / "python-without-venv"
    bare.write_text(
        '#!/bin/sh\n[ "$1" = -m ] && { mkdir -p .venv/bin; exit 1; }\necho Python 3.11\n'
    )
    bare.chmod(0o755)
    done = install(tmp_path, str(bare))
    assert done.returncode == 1
    assert "python3-venv" in done.stderr
    assert not (tmp_path / ".venv").exists()
