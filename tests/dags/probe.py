"""Run in a process of its own: reads a folder of DAG files as Airflow does and prints what it saw.

    python -m tests.dags.probe <folder> <conf as JSON>

It prints one JSON object: import errors; for every DAG its tasks, arrows, params with the conf
over them, the rendered config of each task, and when its schedule runs first; which packages
were imported for it; and the seconds that each file takes to read, the median of several times.
"""

import json
import logging
import statistics
import sys
import time
from pathlib import Path
from typing import Any

HEAVY = ("pandas", "duckdb", "pyarrow", "etl", "django", "numpy")
TIMES = 15


def look_at(dag: Any, conf: dict[str, Any]) -> dict[str, Any]:
    from airflow.sdk.definitions.param import process_params
    from airflow.serialization.serialized_objects import DagSerialization

    # First: a later call with a conf changes the params that the DAG holds.
    defaults = process_params(dag, dag.tasks[0], {}, suppress_exception=False)
    served = DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag))))
    # What Airflow checks when a run is triggered.
    served.params.deep_merge(conf).validate()
    first = served.next_dagrun_info(last_automated_run_info=None)
    tasks = {}
    for task in dag.tasks:
        params = process_params(dag, task, conf, suppress_exception=False)
        context = {"params": params, "dag_run": Run(conf), "ti": None}
        task.render_template_fields(context, dag.get_template_env())
        tasks[task.task_id] = {
            "label": task.task_display_name,
            "config": task.config,
            "inputs": task.inputs,
            "downstream": sorted(task.downstream_task_ids),
            "retries": task.retries,
            "retry_delay": task.retry_delay.total_seconds(),
            "timeout": task.timeout,
            "served_colour": served.get_task(task.task_id).ui_color,
        }
    return {
        "name": dag.dag_display_name,
        "tags": sorted(dag.tags),
        "starts_paused": dag.is_paused_upon_creation,
        "params": defaults,
        "first_run": first.run_after.isoformat() if first else None,
        "tasks": tasks,
    }


class Run:
    """A DAG run as far as a task looks at it."""

    run_id = "manual"

    def __init__(self, conf: dict[str, Any]) -> None:
        self.conf = conf


def seconds_to_read(file: Path) -> float:
    code = compile(file.read_text(), str(file), "exec")
    spent = []
    for _ in range(TIMES):
        started = time.perf_counter()
        exec(code, {"__name__": "dag", "__file__": str(file)})
        spent.append(time.perf_counter() - started)
    return statistics.median(spent)


def main(folder: Path, conf: dict[str, Any]) -> dict[str, Any]:
    from airflow.dag_processing.dagbag import DagBag

    logging.disable(logging.CRITICAL)
    bag = DagBag(folder, bundle_path=folder, bundle_name="dags-folder")
    return {
        "import_errors": bag.import_errors,
        "heavy": [name for name in HEAVY if name in sys.modules],
        "seconds": {file.name: seconds_to_read(file) for file in sorted(folder.glob("*.py"))},
        "dags": {dag_id: look_at(dag, conf) for dag_id, dag in bag.dags.items()},
    }


if __name__ == "__main__":
    answer = main(Path(sys.argv[1]), json.loads(sys.argv[2]))
    sys.stdout.write(f"\n{json.dumps(answer)}\n")
