"""The bundles of Airflow 3.0 to 3.x behind one set of names: `pipeline_bundle` stands on it.

Apart from `airflow_compat`, because a DAG file need not import any of it.
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Any

from airflow.configuration import conf
from airflow.dag_processing.bundles.base import BaseDagBundle

__all__ = ["BaseDagBundle", "as_version", "dags_folder", "files_being_read", "versions_in_use"]

try:
    from airflow.dag_processing.bundles.base import BundleVersion
except ImportError:
    BundleVersion = None


def dags_folder() -> Path:
    """Return Airflow's own DAG folder, `[core] dags_folder`."""
    return Path(conf.get("core", "dags_folder"))


def as_version(version: str) -> Any:
    """Return a version the way that this Airflow wants it from a bundle."""
    return version if BundleVersion is None else BundleVersion(version=version)


def files_being_read(bundle_name: str) -> set[str]:
    """Return the files that the DAG processor calling us reads now, or has read but not stored.

    Airflow stores what it read under the version that the bundle has by then, which need not be
    the one that was read, and asks nobody: so we look.
    """
    manager = sys.modules.get("airflow.dag_processing.manager")
    frame = sys._getframe() if manager is not None else None
    while frame is not None:
        caller = frame.f_locals.get("self")
        if isinstance(caller, manager.DagFileProcessorManager):
            files = caller._processors
            return {str(file.rel_path) for file in files if file.bundle_name == bundle_name}
        frame = frame.f_back
    return set()


def versions_in_use(versions: Collection[str], since: datetime) -> set[str]:
    """Return those of the versions that a DAG has, or a run that has not ended before `since`.

    Raises SQLAlchemy's errors where Airflow's database cannot be asked.
    """
    from airflow.models.dag import DagModel
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState

    lives_on = (
        DagRun.end_date.is_(None)
        | (DagRun.end_date > since)
        # One that was cleared still has the end of its last attempt.
        | DagRun.state.in_([DagRunState.QUEUED, DagRunState.RUNNING])
    )
    asked = list(versions)
    with create_session() as session:
        runs = session.query(DagRun.bundle_version).filter(DagRun.bundle_version.in_(asked))
        dags = session.query(DagModel.bundle_version).filter(DagModel.bundle_version.in_(asked))
        found = [*runs.filter(lives_on).distinct(), *dags.distinct()]
    return {version for (version,) in found}
