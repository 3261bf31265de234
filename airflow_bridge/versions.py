"""Which versions of Airflow LogiData works with, and what the older ones cannot do."""

import re
from dataclasses import dataclass

from airflow_bridge.errors import AirflowRefused
from etl.messages import say

OLDEST = (2, 8)
NEWEST_MAJOR = 3
_PAGE = "docs/airflow-versions.md"


@dataclass(frozen=True)
class Feature:
    """What only newer versions of Airflow can do, and what is so without it."""

    name: str
    since: tuple[int, int]
    without: str


FEATURES = (
    Feature(
        "display names",
        (2, 9),
        "Airflow's own pages show pipelines by their id instead of their name.",
    ),
    Feature(
        "DAG versions",
        (3, 0),
        "A run has no version of its DAG to keep to, so a revision with other nodes, edges, "
        "retries or timeouts waits until the executions that run in the old ones have ended.",
    ),
    Feature(
        "served at once",
        (3, 0),
        "A changed pipeline is ready only once Airflow has kept its DAG for AIRFLOW_DAG_FETCH_"
        "INTERVAL seconds, for which its scheduler may still follow the one before.",
    ),
    Feature(
        "runs by DAG prefix",
        (3, 0),
        "Following looks through the changed runs of all DAGs of this Airflow, not of LogiData's "
        "alone.",
    ),
    Feature(
        "structured logs",
        (3, 0),
        "Times and levels of log lines are known for Airflow's default [logging] log_format only; "
        "other lines are shown as they stand.",
    ),
)


def missing_features(version: str) -> tuple[Feature, ...]:
    """Return what the Airflow of that version cannot do."""
    parsed = _parsed(version)
    return tuple(feature for feature in FEATURES if parsed < feature.since)


def require_supported(version: str, url: str) -> None:
    """Raise AirflowRefused where LogiData does not work with that version."""
    parsed = _parsed(version)
    if parsed < OLDEST:
        raise AirflowRefused(
            say(
                "{url} is Airflow {version}. LogiData needs Airflow {oldest} or newer: "
                "upgrade Airflow, or have AIRFLOW_API_URL lead to a newer one. See "
                "{page}.",
                url=url,
                version=version,
                oldest=_text(OLDEST),
                page=_PAGE,
            )
        )
    if parsed[0] > NEWEST_MAJOR:
        raise AirflowRefused(
            say(
                "{url} is Airflow {version}, which this LogiData does not know: it works "
                "with Airflow {oldest} to {newest_major}.x. Upgrade LogiData, or have "
                "AIRFLOW_API_URL lead to an older Airflow. See {page}.",
                url=url,
                version=version,
                oldest=_text(OLDEST),
                newest_major=NEWEST_MAJOR,
                page=_PAGE,
            )
        )


def _parsed(version: str) -> tuple[int, int]:
    match = re.match(r"(\d+)\.(\d+)", version)
    if match is None:
        raise AirflowRefused(
            say(
                "Airflow says that its version is '{version}', which is none. Check "
                "AIRFLOW_API_URL.",
                version=version,
            )
        )
    return int(match[1]), int(match[2])


def _text(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
