"""When a revision counts as served."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airflow_bridge.deployment import deployment_of
from tests.airflow_bridge import recorded
from tests.airflow_bridge.conftest import World
from tests.airflow_bridge.recorded import DAG

HASH = "ab" * 32
FAILED_AT = datetime.fromisoformat("2026-11-22T18:37:54.621438+00:00").timestamp()


@pytest.fixture
def dag_file(tmp_path: Path) -> Path:
    """The DAG's file, written a minute before Airflow's last import error."""
    path = tmp_path / f"{DAG}.py"
    path.touch()
    os.utime(path, (FAILED_AT - 60, FAILED_AT - 60))
    return path


def an_import_error(world: World) -> None:
    is_v1 = world.airflow.root == "/api/v1"
    world.airflow.import_errors = [recorded.V1_IMPORT_ERROR if is_v1 else recorded.V2_IMPORT_ERROR]


def test_a_revision_is_ready_when_the_served_dag_carries_its_hash(
    world: World, dag_file: Path
) -> None:
    assert deployment_of(world.client, DAG, HASH, dag_file).state == "ready"


def test_a_revision_that_airflow_2s_scheduler_may_not_know_yet_is_registering(
    airflow2: World, dag_file: Path
) -> None:
    airflow2.airflow.dag["last_parsed"] = datetime.now(UTC).isoformat()
    found = deployment_of(airflow2.client, DAG, HASH, dag_file)
    assert (found.state, found.detail) == (
        "registering",
        "Airflow's scheduler may go by the previous revision for some seconds.",
    )


def test_a_dag_with_another_hash_is_still_the_previous_revision(
    world: World, dag_file: Path
) -> None:
    found = deployment_of(world.client, DAG, "cd" * 32, dag_file)

    assert (found.state, found.detail) == (
        "registering",
        "Airflow still serves the previous revision.",
    )


def test_tags_that_are_newer_than_the_dag_itself_do_not_count(world: World, dag_file: Path) -> None:
    world.airflow.dag["doc_md"] = "Revision 2 of a LogiData pipeline, `sha256:of-before`."

    assert deployment_of(world.client, DAG, HASH, dag_file).state == "registering"


def test_a_dag_that_is_not_there_yet_is_registering(world: World, dag_file: Path) -> None:
    world.airflow.dags.clear()

    assert deployment_of(world.client, DAG, HASH, dag_file).state == "registering"


def test_a_dag_left_over_from_a_deleted_file_is_not_ready(world: World, dag_file: Path) -> None:
    world.airflow.dag.update(is_active=False, is_stale=True)

    assert deployment_of(world.client, DAG, HASH, dag_file).state == "registering"


def test_an_import_error_of_the_file_fails_the_deployment_word_for_word(
    world: World, dag_file: Path
) -> None:
    world.airflow.dags.clear()
    an_import_error(world)

    found = deployment_of(world.client, DAG, HASH, dag_file)

    assert (found.state, found.detail) == ("failed", recorded.TRACE.strip())


def test_an_import_error_counts_although_the_old_revision_is_served(
    world: World, dag_file: Path
) -> None:
    world.airflow.dag["has_import_errors"] = True
    an_import_error(world)

    assert deployment_of(world.client, DAG, "cd" * 32, dag_file).state == "failed"


def test_a_dag_that_broke_is_not_ready_although_its_hash_is_still_served(
    world: World, dag_file: Path
) -> None:
    world.airflow.dag["has_import_errors"] = True
    an_import_error(world)

    found = deployment_of(world.client, DAG, HASH, dag_file)

    assert (found.state, found.detail) == ("failed", recorded.TRACE.strip())


def test_a_dag_that_broke_is_registering_until_airflow_has_read_its_mended_file(
    world: World, dag_file: Path
) -> None:
    world.airflow.dag["has_import_errors"] = True
    an_import_error(world)
    os.utime(dag_file, (FAILED_AT + 1, FAILED_AT + 1))

    assert deployment_of(world.client, DAG, HASH, dag_file).state == "registering"
    world.airflow.dag["has_import_errors"] = False
    assert deployment_of(world.client, DAG, HASH, dag_file).state == "ready"


def test_an_import_error_of_the_files_previous_content_does_not_count(
    world: World, dag_file: Path
) -> None:
    world.airflow.dags.clear()
    an_import_error(world)
    os.utime(dag_file, (FAILED_AT + 1, FAILED_AT + 1))

    assert deployment_of(world.client, DAG, HASH, dag_file).state == "registering"


def test_an_import_error_of_another_file_does_not_count(world: World, dag_file: Path) -> None:
    world.airflow.dags.clear()
    an_import_error(world)

    other = dag_file.with_name("pipeline_00000000-0000-0000-0000-000000000002.py")

    assert deployment_of(world.client, DAG, HASH, other).state == "registering"


def test_a_bare_file_name_is_enough(world: World) -> None:
    world.airflow.dags.clear()
    an_import_error(world)

    assert deployment_of(world.client, DAG, HASH, f"{DAG}.py").state == "failed"


def test_readiness_costs_one_call(world: World, dag_file: Path) -> None:
    deployment_of(world.client, DAG, HASH, dag_file)
    before = len(world.wire.asked)

    deployment_of(world.client, DAG, HASH, dag_file)

    assert len(world.wire.asked) == before + 1
