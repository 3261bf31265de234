"""What Airflow gets to read under which version, and what a run gets later."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
RUNS = {
    # Version, state, days since its end.
    "ended-long-ago": ("success", 30),
    "ended-lately": ("failed", 2),
    "cleared": ("running", 30),
    "running": ("running", None),
}

# Airflow itself is imported.
pytestmark = pytest.mark.slow


@pytest.fixture
def dags(tmp_path: Path) -> Path:
    folder = tmp_path / "dags"
    folder.mkdir()
    (folder / "pipeline_a.py").write_text("a = 1")
    return folder


@pytest.fixture
def bundle(dags: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make a bundle, for a version or as the DAG processor's."""
    from airflow.dag_processing.bundles import base

    monkeypatch.setattr(base, "get_bundle_storage_root_path", lambda: tmp_path / "airflow")

    def make(version: str | None = None, **kwargs: Any) -> Any:
        from operators.pipeline_bundle import PipelineBundle

        folders = {"path": str(dags), "snapshots": str(tmp_path / "kept")}
        return PipelineBundle(name="logidata", version=version, **folders | kwargs)

    return make


def version_of(bundle: Any) -> str:
    from airflow.dag_processing.bundles.base import unpack_bundle_version

    version, data = unpack_bundle_version(bundle.get_current_version(), bundle)
    assert data is None
    assert version is not None
    return version


def test_a_run_finds_the_files_of_its_version_after_they_have_changed(dags, bundle):
    head = bundle()
    head.initialize()
    began_with = version_of(head)
    (dags / "pipeline_a.py").write_text("a = 2")
    head.refresh()
    assert version_of(head) != began_with
    assert (head.path / "pipeline_a.py").read_text() == "a = 2"
    run = bundle(began_with)
    run.initialize()
    assert (run.path / "pipeline_a.py").read_text() == "a = 1"
    assert version_of(run) == began_with


def test_the_path_of_the_newest_files_stays_the_same(dags, bundle):
    head = bundle()
    head.initialize()
    path = head.path
    (dags / "pipeline_a.py").write_text("a = 2")
    head.refresh()
    assert head.path == path


def test_a_change_looks_newer_than_any_reading_of_what_was_there_before(dags, bundle):
    """Airflow reads a file again if it is newer than the end of the last reading."""
    head = bundle()
    head.initialize()
    (dags / "pipeline_a.py").write_text("a = 2")
    read_until = time.time()
    time.sleep(0.01)
    head.refresh()
    assert (head.path / "pipeline_a.py").stat().st_mtime > read_until


def test_a_version_that_is_kept_no_longer_says_so(bundle):
    run = bundle("0" * 64)
    with pytest.raises(OSError, match=r"kept for 7 days .* execute the pipeline again"):
        run.initialize()


def test_airflow_finds_something_to_remove_in_place_of_the_version(bundle, tmp_path, monkeypatch):
    """It removes a version that was not used for hours, from where it takes it to be."""
    from airflow.dag_processing.bundles import base

    head = bundle()
    head.initialize()
    run = bundle(version_of(head))
    run.initialize()
    lock = tmp_path / "lock"
    lock.touch()
    info = base.TrackedBundleVersionInfo(lock, version_of(head), datetime.now(UTC))
    base.BundleUsageTrackingManager._remove_stale_bundle("logidata", info)
    assert not lock.exists()
    bundle(version_of(head)).initialize()


def test_who_cannot_write_snapshots_reads_the_folder_and_has_no_version(dags, bundle, tmp_path):
    """A task of a run that began before there were versions."""
    (tmp_path / "kept").write_text("in the way")
    worker = bundle()
    worker.initialize()
    assert worker.path == dags
    assert worker.get_current_version() is None
    # The DAG processor is told.
    with pytest.raises(OSError, match="kept"):
        worker.refresh()


def test_by_default_the_folder_is_airflows_and_snapshots_are_with_its_bundles(
    bundle, tmp_path, monkeypatch
):
    from airflow.configuration import conf

    (tmp_path / "mine").mkdir()
    monkeypatch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(tmp_path / "mine"))
    assert conf.get("core", "dags_folder") == str(tmp_path / "mine")
    head = bundle(path=None, snapshots=None)
    assert head.path == tmp_path / "mine"
    head.initialize()
    assert head.path.is_relative_to(tmp_path / "airflow")


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """DAG runs with the versions of `RUNS`, and a DAG with the version `served`."""
    from airflow.models.dag import DagModel
    from airflow.models.dagrun import DagRun
    from airflow.utils import session
    from sqlalchemy import create_engine, insert
    from sqlalchemy.orm import Session
    from sqlalchemy.pool import StaticPool

    engine = create_engine("sqlite://", poolclass=StaticPool)
    for model in (DagModel, DagRun):
        model.__table__.create(engine)
    now = datetime.now(UTC)
    with engine.begin() as connection:
        connection.execute(
            insert(DagModel).values(
                dag_id="x",
                bundle_name="logidata",
                bundle_version="served",
                max_active_tasks=1,
                max_consecutive_failed_dag_runs=0,
                has_task_concurrency_limits=False,
            )
        )
        for version, (state, days) in RUNS.items():
            connection.execute(
                insert(DagRun).values(
                    dag_id="x",
                    run_id=version,
                    run_type="manual",
                    run_after=now,
                    log_template_id=1,
                    state=state,
                    bundle_version=version,
                    end_date=None if days is None else now - timedelta(days=days),
                )
            )
    monkeypatch.setattr(session, "create_session", lambda: Session(engine))


def test_a_version_is_in_use_by_what_runs_ended_lately_or_is_served(runs):
    from operators.airflow_bundles import versions_in_use

    week_ago = datetime.now(UTC) - timedelta(days=7)
    asked = {*RUNS, "served", "never-run"}
    assert versions_in_use(asked, week_ago) == asked - {"ended-long-ago", "never-run"}


def aged(bundle: Any, days: float) -> str:
    at = time.time() - days * 86_400
    os.utime(bundle._snapshots.path_of(version_of(bundle)), (at, at))
    return version_of(bundle)


def test_versions_that_nothing_needs_any_more_are_removed(dags, bundle, monkeypatch):
    monkeypatch.setattr("operators.pipeline_bundle.versions_in_use", lambda *_: set())
    head = bundle(keep_days=3)
    head.initialize()
    superseded = version_of(head)
    (dags / "pipeline_a.py").write_text("a = 2")
    aged(head, 4)
    head.refresh()
    # It was the newest until now, however old it is.
    head._prune_at = 0
    head.refresh()
    bundle(superseded).initialize()
    at = time.time() - 4 * 86_400
    os.utime(head._snapshots.path_of(superseded), (at, at))
    aged(head, 4)
    head._prune_at = 0
    head.refresh()
    with pytest.raises(OSError, match="kept for 3 days"):
        bundle(superseded, keep_days=3).initialize()
    bundle(version_of(head)).initialize()


def test_nothing_is_removed_while_airflows_database_cannot_be_asked(dags, bundle, monkeypatch):
    def fail(*_: object) -> set[str]:
        raise RuntimeError("no database")

    monkeypatch.setattr("operators.pipeline_bundle.versions_in_use", fail)
    head = bundle()
    head.initialize()
    first = version_of(head)
    (dags / "pipeline_a.py").write_text("a = 2")
    head.refresh()
    at = time.time() - 9 * 86_400
    os.utime(head._snapshots.path_of(first), (at, at))
    head._prune_at = 0
    head.refresh()
    bundle(first).initialize()


def test_what_is_stored_under_a_version_is_what_lies_in_it(
    tmp_path: Path, airflow_home: Path
) -> None:
    """The real DAG processor, with every edit while it reads the file."""
    folder, kept = tmp_path / "dags", tmp_path / "kept"
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "tests.dags.processor", str(folder), str(kept), "4"],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": f"{PROJECT}:{PROJECT / 'dags'}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("[")]
    stored = [json.loads(line) for line in lines if line[1] == '"']
    assert [dags["edited"] for _, dags in stored] == [f"edit {n}" for n in range(5)], done.stderr
    for version, dags in stored:
        file = kept / "versions" / version / "pipeline_edited.py"
        assert f'doc_md="{dags["edited"]}"' in file.read_text()
