"""Airflow's plug-in for `operators.event_listener`. `[core] plugins_folder` names this folder."""

from __future__ import annotations

from operators.event_listener import listeners

try:
    # A task of Airflow 3 has this one loaded, and not the other.
    from airflow.sdk.plugins_manager import AirflowPlugin
except ImportError:
    from airflow.plugins_manager import AirflowPlugin


class LogiDataEvents(AirflowPlugin):  # type: ignore[misc,unused-ignore]
    """Tells LogiData what changes in its DAG runs."""

    name = "logidata_events"
    listeners = listeners()
