"""Installing the package in tests/plugin_package, as its user would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent / "plugin_package"


def install_plugin(target: Path) -> None:
    """Build the package and install it into a folder, without any network."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "uv", "pip", "install", "--offline", "--no-deps"),
            *("--python", sys.executable, "--target", str(target), str(PACKAGE)),
        ],
        # A cache of its own: what another run has built is not what is tested.
        env=os.environ | {"UV_CACHE_DIR": str(target / ".cache"), "UV_NO_CONFIG": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
