"""Where things of one checkout lie on disk."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Layout:
    """The folders and files of one stack; `var` holds all of its state."""

    project: Path
    var: Path
    dags: Path
    data_dirs: tuple[Path, ...]

    @classmethod
    def from_environment(cls) -> Layout:
        """Return the layout of this checkout; `LOGIDATA_VAR` moves its state elsewhere.

        A moved stack gets its own folder of generated DAGs and of data too, so that two
        stacks of one checkout share nothing but code.
        """
        moved = os.environ.get("LOGIDATA_VAR")
        for path in (str(PROJECT), moved or ""):
            if "%" in path or '"' in path:
                raise StackError(
                    f"The supervisor cannot work in {path}: the path holds a % or a quotation "
                    f"mark. Move it to a folder without these characters."
                )
        if not moved:
            data = (PROJECT / "data", PROJECT / "examples" / "data")
            return cls(PROJECT, PROJECT / "var", PROJECT / "dags", data)
        var = Path(moved).resolve()
        return cls(PROJECT, var, var / "dags", (var / "data", PROJECT / "examples" / "data"))

    @property
    def identity(self) -> str:
        """A name for this stack that its processes carry in their environment."""
        return hashlib.sha256(str(self.var).encode()).hexdigest()[:16]

    @property
    def postgres_data(self) -> Path:
        return self.var / "postgres"

    @property
    def redis_data(self) -> Path:
        return self.var / "redis"

    @property
    def airflow_home(self) -> Path:
        return self.var / "airflow"

    @property
    def airflow_passwords(self) -> Path:
        return self.airflow_home / "passwords.json"

    @property
    def airflow_plugins(self) -> Path:
        """What Airflow itself loads."""
        return self.project / "dags" / "operators" / "plugins"

    @property
    def snapshots(self) -> Path:
        """Where the versions of the DAG folder are kept that runs were started with."""
        return self.var / "snapshots"

    @property
    def staging(self) -> Path:
        return self.var / "staging"

    @property
    def state(self) -> Path:
        """Where the positions of watermarks are kept."""
        return self.var / "state"

    @property
    def node_logs(self) -> Path:
        """Where the logs of nodes that have ended are kept."""
        return self.var / "node-logs"

    @property
    def plugins(self) -> Path:
        """Where packages with modules are installed: updates of the requirements leave it alone."""
        return self.var / "plugins"

    @property
    def logs(self) -> Path:
        return self.var / "log"

    @property
    def secrets(self) -> Path:
        return self.var / "secrets.json"

    @property
    def ports(self) -> Path:
        return self.var / "ports.json"

    @property
    def airflow(self) -> Path:
        """Which Airflow runs."""
        return self.var / "airflow.json"

    @property
    def env_file(self) -> Path:
        return self.var / "logidata.env"

    @property
    def supervisor_config(self) -> Path:
        return self.var / "supervisord.conf"

    @property
    def supervisor_pid(self) -> Path:
        return self.var / "supervisord.pid"

    def create(self) -> None:
        """Make the folders; `var` is private to the user, for it holds secrets and data."""
        self.var.mkdir(parents=True, exist_ok=True)
        self.var.chmod(0o700)
        for folder in (
            self.dags,
            self.data_dirs[0],
            self.redis_data,
            self.airflow_home,
            self.staging,
            self.state,
            self.plugins,
            self.logs,
        ):
            folder.mkdir(parents=True, exist_ok=True)
