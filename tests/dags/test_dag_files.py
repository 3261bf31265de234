"""Generated files as Airflow reads them."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from airflow_bridge.generator import DAGGenerator
from airflow_bridge.spec import DagSpec
from tests.airflow_bridge.specs import make_spec

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]
PLAIN, SCHEDULED, ODD = (f"pipeline_{UUID(int=number)}" for number in (1, 2, 3))

ODD_PARAMS = {
    "nothing": None,
    "rate": 0.1,
    "ids": [1, 2.5, None, {"deep": [True, ""]}],
    "settings": {"a b": {"__type": "dict"}, "": 0},
    "with space": "x",
    "naïve": "ü'\"\n{{ ds }}",
    "__class": "airflow.models.param.Param",
    "schema": {"type": "integer"},
    "big": 2**70,
}
CONF = {
    "min_amount": 5,
    "added": [1],
    "logidata": {"execution_id": "e1", "revision": 3, "nodes": {"write": {"path": "run.csv"}}},
}

# The same three steps as a person would write them.
HAND_WRITTEN = """
from airflow.sdk import DAG, BaseOperator

class Step(BaseOperator):
    template_fields = ("config",)

    def __init__(self, *, module, config, inputs=None, **kwargs):
        super().__init__(**kwargs)
        self.module = module
        self.config = config
        self.inputs = inputs
        self.timeout = None

with DAG(
    dag_id="hand_written",
    schedule=None,
    catchup=False,
    params={"min_amount": 1},
    tags=["orders", "by_hand", "example"],
) as dag:
    read = Step(task_id="read", module="extract.csv", config={"path": "orders.csv"}, retries=2)
    keep = Step(task_id="keep", module="transform.filter", config={"condition": "a > 1"})
    write = Step(task_id="write", module="load.csv", config={"path": "paid.csv"})
    read >> keep
    keep >> write
"""


def specs() -> list[DagSpec]:
    return [
        make_spec(pipeline_id=UUID(int=1)),
        make_spec(
            pipeline_id=UUID(int=2),
            schedule="30 6 * * *",
            timezone="Europe/Berlin",
            effective_from=datetime.now(UTC),
        ),
        make_spec(
            pipeline_id=UUID(int=3),
            name="'; raise SystemExit(1) # ü\u202e",
            description='"""\nraise SystemExit(1)\n',
            default_params={**ODD_PARAMS, "min_amount": None},
        ),
    ]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, airflow_home: Path) -> dict[str, Any]:
    """What a real Airflow saw in a folder of generated files and one written by hand."""
    folder = tmp_path_factory.mktemp("dags")
    operators = PROJECT / "dags" / "operators"
    shutil.copytree(operators, folder / "operators", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "dags" / ".airflowignore", folder)
    for spec in specs():
        DAGGenerator(folder).update_dag(spec)
    (folder / "hand_written.py").write_text(HAND_WRITTEN)
    done = subprocess.run(
        [sys.executable, "-m", "tests.dags.probe", folder, json.dumps(CONF)],
        cwd=PROJECT,
        env={
            **os.environ,
            "AIRFLOW_HOME": str(airflow_home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "PYTHONPATH": os.pathsep.join([str(PROJECT), str(folder)]),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_airflow_reads_every_file_without_an_error(seen: dict[str, Any]) -> None:
    assert seen["import_errors"] == {}
    assert set(seen["dags"]) == {PLAIN, SCHEDULED, ODD, "hand_written"}


def test_reading_them_imports_nothing_heavy(seen: dict[str, Any]) -> None:
    assert seen["heavy"] == []


def test_a_file_is_read_as_quickly_as_one_written_by_hand(seen: dict[str, Any]) -> None:
    by_hand = seen["seconds"]["hand_written.py"]
    generated = seen["seconds"][f"{PLAIN}.py"]

    # The larger part of both is Airflow's own; the rest is the noise of a busy machine.
    assert generated < 1.5 * by_hand + 0.002


def test_a_task_is_a_node_with_its_name_config_and_inputs(seen: dict[str, Any]) -> None:
    tasks = seen["dags"][PLAIN]["tasks"]

    assert tasks["read_orders"]["label"] == "Read orders"
    assert tasks["read_orders"]["retries"] == 2
    assert tasks["read_orders"]["retry_delay"] == 30
    assert tasks["read_orders"]["timeout"] == 90
    assert tasks["read_orders"]["downstream"] == ["keep_paid"]
    assert tasks["keep_paid"]["inputs"] == {"input": "read_orders"}
    assert tasks["keep_paid"]["downstream"] == ["write"]


def test_the_runs_params_are_rendered_into_the_config(seen: dict[str, Any]) -> None:
    tasks = seen["dags"][PLAIN]["tasks"]

    assert tasks["keep_paid"]["config"] == {"condition": "status = 'paid' AND amount > 5"}
    assert tasks["write"]["config"] == {"path": "run.csv"}


def test_params_of_any_json_survive(seen: dict[str, Any]) -> None:
    assert seen["dags"][ODD]["params"] == {**ODD_PARAMS, "min_amount": None}


def test_hostile_texts_are_only_texts(seen: dict[str, Any]) -> None:
    assert seen["dags"][ODD]["name"] == "'; raise SystemExit(1) # ü\u202e"


def test_a_dag_starts_unpaused_and_carries_its_revision(seen: dict[str, Any]) -> None:
    dag = seen["dags"][PLAIN]

    assert dag["starts_paused"] is False
    assert dag["tags"] == ["logidata", "revision:3", "sha256:" + "ab" * 32]


def test_a_schedule_begins_with_its_next_tick_and_never_with_a_past_one(
    seen: dict[str, Any],
) -> None:
    first = datetime.fromisoformat(seen["dags"][SCHEDULED]["first_run"])

    # A day has 25 hours when summer time ends.
    assert datetime.now(UTC) - timedelta(minutes=2) < first
    assert first < datetime.now(UTC) + timedelta(hours=25)
    assert first.astimezone(UTC).minute == 30
    assert seen["dags"][PLAIN]["first_run"] is None


def test_airflow_draws_each_kind_in_its_colour(seen: dict[str, Any]) -> None:
    colours = {task["served_colour"] for task in seen["dags"][PLAIN]["tasks"].values()}

    assert len(colours) == 3
