"""Which Airflow the stack runs: the one of this environment, or another's for the tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from stack.errors import StackError

PYTHON_VARIABLE = "LOGIDATA_AIRFLOW_PYTHON"
MAJOR_VERSIONS = (2, 3)
_ASK = "from importlib.metadata import version; print(version('apache-airflow'))"


@dataclass(frozen=True)
class Airflow:
    """An installed Airflow: the interpreter of its environment, and its version."""

    python: str
    version: str

    @property
    def major(self) -> int:
        return int(self.version.split(".", maxsplit=1)[0])

    @classmethod
    def own(cls) -> Airflow:
        """Return the Airflow of the environment that this program runs in."""
        return cls(sys.executable, version("apache-airflow"))

    @classmethod
    def choose(cls) -> Airflow:
        """Return the Airflow for a start: that of `LOGIDATA_AIRFLOW_PYTHON`, else the own one.

        Raises:
            StackError: the interpreter that is named has no Airflow that the stack can run.
        """
        python = os.environ.get(PYTHON_VARIABLE)
        if not python:
            return cls.own()
        try:
            asked = subprocess.run(
                [python, "-c", _ASK], capture_output=True, text=True, timeout=60, check=True
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise StackError(
                f"{PYTHON_VARIABLE} is {python}, which has no Airflow ({error}). Name the Python "
                f"of an environment with Airflow, or leave the variable out."
            ) from error
        airflow = cls(python, asked.stdout.strip())
        if airflow.major not in MAJOR_VERSIONS:
            raise StackError(
                f"{PYTHON_VARIABLE} is {python}, which has Airflow {airflow.version}. The stack "
                f"runs Airflow {' and '.join(map(str, MAJOR_VERSIONS))}."
            )
        return airflow

    @classmethod
    def load(cls, path: Path) -> Airflow:
        """Return the Airflow of the last start, as `save` wrote it down."""
        return cls(**json.loads(path.read_text())) if path.exists() else cls.own()

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")
