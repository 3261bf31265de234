"""The names that templates may use, outside of Airflow."""

from collections.abc import Mapping
from datetime import datetime


def template_context(
    params: Mapping[str, object], *, now: datetime, run_id: str
) -> dict[str, object]:
    """Return the names that templates may use, as Airflow would set them for a run at `now`."""
    return {
        "params": params,
        "ds": now.strftime("%Y-%m-%d"),
        "ds_nodash": now.strftime("%Y%m%d"),
        "ts": now.isoformat(),
        "ts_nodash": now.strftime("%Y%m%dT%H%M%S"),
        "logical_date": now,
        "data_interval_start": now,
        "data_interval_end": now,
        "run_id": run_id,
    }
