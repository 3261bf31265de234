"""Airflow's DAG processor without its database, with a file edited whenever it is being read.

    python -m tests.dags.processor FOLDER SNAPSHOTS EDITS

Prints one JSON line for each result that would be stored: under which version, with which
documentation of which DAG.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from airflow.dag_processing.manager import BundleState, DagFileProcessorManager

from operators.pipeline_bundle import PipelineBundle

SECONDS = 60
SLOW = """
import time
from airflow.sdk import DAG

time.sleep(0.7)
with DAG(dag_id="edited", doc_md="edit {number}"):
    pass
"""


class Processor(DagFileProcessorManager):
    """The real one, its questions to the database answered from memory."""

    def __init__(self, bundle: PipelineBundle) -> None:
        super().__init__(max_runs=-1)
        self.bundle_refresh_check_interval = 0
        self.bundle = bundle
        self.stored: list[tuple[str | None, dict[str, str]]] = []

    def prepare_bundles(self) -> None:
        self._dag_bundles = [self.bundle]

    def prepare_server_process_context(self) -> None:
        """There is no server to be one of."""

    def get_bundle_state(self, bundle_name: str, **_: Any) -> BundleState:
        return BundleState(None, None)

    def update_bundle_state(self, bundle_name: str, **_: Any) -> None:
        """Nothing is stored."""

    def deactivate_deleted_dags(self, bundle_name: str, present: Any) -> None:
        """Nothing is stored."""

    def clear_orphaned_import_errors(self, *_: Any, **__: Any) -> None:
        """Nothing is stored."""

    def persist_parsing_result(
        self, *, bundle_version: str | None, parsing_result: Any, **_: Any
    ) -> None:
        dags = {dag.dag_id: dag.data["dag"]["doc_md"] for dag in parsing_result.serialized_dags}
        self.stored.append((bundle_version, dags))

    def turn(self, known_files: dict[str, Any]) -> None:
        """Do what its loop does, in the same order."""
        self._refresh_dag_bundles(known_files=known_files)
        if not self._file_queue:
            self.prepare_file_queue(known_files=known_files)
        self._start_new_processes()
        self._service_processor_sockets(timeout=0.05)
        self._collect_results()

    def reads(self, name: str) -> bool:
        return any(str(file.rel_path) == name for file in self._processors)


def edit(file: Path, number: int) -> None:
    new = file.with_suffix(".tmp")
    new.write_text(SLOW.format(number=number))
    new.replace(file)


def main(folder: Path, snapshots: Path, edits: int) -> None:
    file = folder / "pipeline_edited.py"
    edit(file, 0)
    processor = Processor(
        PipelineBundle(
            name="logidata", path=str(folder), snapshots=str(snapshots), refresh_interval=0
        )
    )
    processor.before_run()
    known_files: dict[str, Any] = {}
    deadline = time.monotonic() + SECONDS
    number = 0
    while time.monotonic() < deadline:
        processor.turn(known_files)
        newest = (processor.bundle.path / file.name).read_text()
        if number < edits and f'"edit {number}"' in newest and processor.reads(file.name):
            edit(file, number := number + 1)
        if any(dags["edited"] == f"edit {edits}" for _, dags in processor.stored):
            break
    processor.terminate()
    for version, dags in processor.stored:
        print(json.dumps([version, dags]), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
