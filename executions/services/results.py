"""Read what a finished node left in XCom: its counts and sample, or its error. Once a try."""

import logging
import math
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from airflow_bridge.client import AirflowClient, TaskInstance
from airflow_bridge.errors import AirflowError, AirflowRefused, RunNotFound
from etl.messages import map_values, read_message, say
from executions.statuses import NodeStatus
from pipelines.messages import as_json

logger = logging.getLogger(__name__)

_METRICS = {
    "rows_in": "rows_in",
    "rows_out": "rows_out",
    "rows_rejected": "rows_rejected",
    "rows_removed": "rows_removed",
    "rows_added": "rows_added",
    "bytes": "bytes_out",
    "peak_rss_bytes": "peak_rss_bytes",
}
_SHOWN = (
    "uri",
    "columns",
    "schema",
    "shape",
    "data",
    "target",
    "outputs",
    "watermark",
    "advanced",
)


def read_result(client: AirflowClient, instance: TaskInstance, status: str) -> dict[str, Any]:
    """Return the fields of a `TaskExecution` that describe how its try ended.

    Empty for a node that leaves no result (skipped, cancelled). A result that Airflow no longer
    has, or refuses to show, is left out and logged: the status is true without it. Raise
    `AirflowUnavailable` when Airflow cannot be asked, so that the reader comes back.
    """
    if status == NodeStatus.SUCCESS:
        return result_fields(_xcom(client, instance, "return_value"))
    if status == NodeStatus.FAILED:
        return error_fields(instance.task_id, _xcom(client, instance, "error"))
    return {}


def result_fields(value: object) -> dict[str, Any]:
    """Return counts, output and rejected rows of a node's XCom value; empty for a foreign one."""
    if not isinstance(value, Mapping):
        return {}
    if value.get("idle") is True:
        # It succeeded in Airflow, or the nodes behind it would not run.
        return {"status": NodeStatus.SKIPPED}
    metrics = value.get("metrics")
    metrics = metrics if isinstance(metrics, Mapping) else {}
    fields: dict[str, Any] = {
        field: metrics[key] for key, field in _METRICS.items() if isinstance(metrics.get(key), int)
    }
    fields["output"] = storable({key: value[key] for key in _SHOWN if key in value})
    fields["rejected"] = _quarantine(value.get("rejected"))
    warnings = value.get("warnings")
    if isinstance(warnings, list):
        wordings = value.get("wordings")
        made_of = wordings if isinstance(wordings, list) else []
        fields["warnings"] = [
            as_json(map_values(read_message(text, wording), storable))
            for text, wording in zip_longest(warnings, made_of)
            if isinstance(text, str)
        ]
    return fields


def error_fields(node_id: str, value: object) -> dict[str, Any]:
    """Return the error of a failed node, and the faulty rows that it names, if any."""
    fields: dict[str, Any] = {"error": error_text(node_id, value)}
    found = _quarantine(value.get("quarantine")) if isinstance(value, Mapping) else None
    if found is not None:
        fields |= {"rejected": found, "rows_rejected": found["rows"]}
    return fields


def _quarantine(value: object) -> dict[str, Any] | None:
    if not isinstance(value, Mapping) or not isinstance(value.get("uri"), str):
        return None
    found: dict[str, Any] = storable(value)
    return found if isinstance(found.get("rows"), int) else None


def error_text(node_id: str, value: object) -> str:
    """Return the sentence to show for a failed node; it always names the node."""
    told = value if isinstance(value, Mapping) else {}
    message, made_of = told.get("message"), told.get("wording")
    if not isinstance(message, str) or not message.strip():
        return say("Node '{node}' ended without saying why (killed?). Open its log.", node=node_id)
    sentence = map_values(read_message(message, made_of), storable)
    if f"'{node_id}'" in sentence:
        return sentence
    return say("Node '{node}': {problem}", node=node_id, problem=sentence)


def storable(value: Any) -> Any:
    """Return the value as PostgreSQL's jsonb can hold it.

    NUL and half surrogate pairs become question marks, NaN and infinity texts.
    """
    if isinstance(value, str):
        return value.replace("\0", "?").encode("utf-8", "replace").decode()
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {storable(str(key)): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value


def _xcom(client: AirflowClient, instance: TaskInstance, key: str) -> object:
    try:
        return client.xcom(instance.dag_id, instance.run_id, instance.task_id, key=key)
    except (RunNotFound, AirflowRefused) as error:
        _log_missing(instance, key, error)
        return None


def _log_missing(instance: TaskInstance, key: str, error: AirflowError) -> None:
    logger.warning(
        "XCom %r of node %s in run %s could not be read: %s",
        key,
        instance.task_id,
        instance.run_id,
        error,
    )
