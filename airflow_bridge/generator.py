"""Pipelines as DAG files in the folder that Airflow reads."""

import contextlib
import os
import tempfile
import time
from pathlib import Path

from airflow_bridge.dag_source import source_of
from airflow_bridge.errors import DagFileError
from airflow_bridge.spec import DAG_ID_PREFIX, DagSpec, parse_dag_id
from etl.messages import say


class DAGGenerator:
    """Writes, replaces and removes the DAG files of one folder, each named by its DAG's id."""

    def __init__(self, dags_dir: str | os.PathLike[str]) -> None:
        self.dags_dir = Path(dags_dir)

    def generate_dag(self, spec: DagSpec) -> str:
        """Return the DAG file's text, the same for the same spec to the byte.

        Raises DagFileError as `source_of` does.
        """
        return source_of(spec)

    def path_of(self, dag_id: str) -> Path:
        """Return where the DAG's file is, or would be; raise DagFileError for an id not ours."""
        if parse_dag_id(dag_id) is None:
            raise DagFileError(say("'{dag_id}' is not the id of a pipeline's DAG.", dag_id=dag_id))
        return self.dags_dir / f"{dag_id}.py"

    def update_dag(self, spec: DagSpec) -> Path:
        """Make the DAG's file hold this spec and return its path.

        The file is checked before it takes the old one's place, in one step; a file that is right
        already is not touched, so that Airflow does not read it again. Raises DagFileError, or
        OSError where the folder cannot be written.
        """
        source = self.generate_dag(spec)
        path = self.path_of(spec.dag_id)
        try:
            compile(source, path.name, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise DagFileError(
                say("The DAG of '{name}' does not compile: {error}", name=spec.name, error=error)
            ) from error
        content = source.encode()
        with contextlib.suppress(FileNotFoundError):
            if path.read_bytes() == content:
                return path
        self.dags_dir.mkdir(parents=True, exist_ok=True)
        _replace(path, content)
        return path

    def ask_again(self, dag_id: str, *, after: float = 3.0) -> None:
        """Make Airflow read the DAG's file again if it was written more than `after` seconds ago.

        Airflow compares a file's time with the end of its last reading, so that it overlooks a
        change during the reading until `[dag_processor] min_file_process_interval` has passed.
        """
        path = self.path_of(dag_id)
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > after:
                os.utime(path)

    def delete_dag(self, dag_id: str) -> bool:
        """Remove the DAG's file; return whether there was one."""
        try:
            self.path_of(dag_id).unlink()
        except FileNotFoundError:
            return False
        return True

    def dag_ids(self) -> set[str]:
        """Return the ids of the DAGs that have a file."""
        return {
            path.stem
            for path in self.dags_dir.glob(f"{DAG_ID_PREFIX}*.py")
            if parse_dag_id(path.stem) is not None
        }


def _replace(path: Path, content: bytes) -> None:
    # The name must not end in .py: Airflow may look at any moment.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # Airflow may run as another user; the file holds no secret.
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
