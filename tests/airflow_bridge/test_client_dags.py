"""DAGs through the client, on both versions of Airflow."""

from datetime import UTC, datetime, timedelta

import pytest

from airflow_bridge.client import DagImportError
from airflow_bridge.errors import (
    DagNotFound,
)
from tests.airflow_bridge import recorded
from tests.airflow_bridge.conftest import World
from tests.airflow_bridge.recorded import DAG
from tests.airflow_bridge.stub_server import Answer


def test_a_dag_shows_its_tags(world: World) -> None:
    dag = world.client.get_dag(DAG)

    assert dag.tags == frozenset(recorded.TAGS)
    assert (dag.is_active, dag.is_paused, dag.has_import_errors) == (True, False, False)
    assert dag.file_token


def test_a_dag_that_airflow_does_not_know_is_not_found(world: World) -> None:
    with pytest.raises(DagNotFound, match=r"'pipeline_other'\. Wait until"):
        world.client.get_dag("pipeline_other")
    with pytest.raises(DagNotFound):
        world.client.set_paused("pipeline_other", True)


def test_a_dag_that_airflow_2_is_just_registering_is_not_found(airflow2: World) -> None:
    # Its details fail while only a part of it is written.
    route = next(route for route in airflow2.airflow.routes if route[1].endswith("/details"))
    airflow2.airflow.routes.remove(route)
    airflow2.airflow.routes.insert(0, ("GET", route[1], lambda *_: Answer({"title": "No"}, 500)))
    with pytest.raises(DagNotFound):
        airflow2.client.get_dag("pipeline_new")


def test_a_dag_that_airflow_2_has_just_read_is_not_settled(airflow2: World) -> None:
    airflow2.airflow.dag["last_parsed"] = (datetime.now(UTC) - timedelta(seconds=9)).isoformat()
    assert not airflow2.client.get_dag(DAG).is_settled
    airflow2.airflow.dag["last_parsed"] = (datetime.now(UTC) - timedelta(seconds=11)).isoformat()
    assert airflow2.client.get_dag(DAG).is_settled


def test_pausing_changes_the_dag(world: World) -> None:
    world.client.set_paused(DAG, True)

    assert world.client.get_dag(DAG).is_paused


def test_deleting_a_dag_tells_whether_there_was_one(world: World) -> None:
    assert world.client.delete_dag(DAG)
    assert not world.client.delete_dag(DAG)

    with pytest.raises(DagNotFound):
        world.client.get_dag(DAG)


def test_dags_are_listed_by_their_whole_tag_over_all_pages(world: World) -> None:
    other = {**world.airflow.dag, "dag_id": "other", "tags": [{"name": "logidata-2"}]}
    more = [{**world.airflow.dag, "dag_id": f"pipeline_{number}"} for number in range(120)]
    world.airflow.dags += [other, *more]

    found = [dag.dag_id for dag in world.client.list_dags("logidata")]

    assert found == [DAG, *(f"pipeline_{number}" for number in range(120))]


def test_import_errors_carry_the_reason_word_for_word(airflow2: World, airflow3: World) -> None:
    airflow2.airflow.import_errors = [recorded.V1_IMPORT_ERROR]
    airflow3.airflow.import_errors = [recorded.V2_IMPORT_ERROR]
    moment = datetime(2026, 11, 22, 18, 37, 54, 621438, tzinfo=UTC)

    assert airflow2.client.import_errors() == [
        DagImportError(f"/opt/airflow/dags/{DAG}.py", recorded.TRACE, moment)
    ]
    assert airflow3.client.import_errors() == [DagImportError(f"{DAG}.py", recorded.TRACE, moment)]


def test_a_stale_dag_is_not_active(airflow2: World, airflow3: World) -> None:
    airflow2.airflow.dag["is_active"] = False
    airflow3.airflow.dag["is_stale"] = True

    assert not airflow2.client.get_dag(DAG).is_active
    assert not airflow3.client.get_dag(DAG).is_active


def test_a_dag_tells_the_version_that_its_runs_keep_if_there_is_one(
    airflow2: World, airflow3: World
) -> None:
    assert airflow2.client.get_dag(DAG).bundle_version is None
    assert airflow3.client.get_dag(DAG).bundle_version == recorded.VERSION

    airflow3.airflow.dag["bundle_version"] = None
    assert airflow3.client.get_dag(DAG).bundle_version is None
