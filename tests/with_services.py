"""`python -m tests.with_services manage.py ...`: run a Python program beside private servers."""

from __future__ import annotations

import subprocess
import sys

from tests.services import Services


def main() -> int:
    """Start the servers, run the program, stop them; return the program's exit status."""
    services = Services()
    try:
        services.start()
        return subprocess.run([sys.executable, *sys.argv[1:]], check=False).returncode
    finally:
        services.stop()


if __name__ == "__main__":
    sys.exit(main())
