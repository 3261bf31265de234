"""A new revision waits for the runs that its DAG file would change, where runs keep no version."""

from __future__ import annotations

import copy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from executions import services
from executions.models import PipelineExecution
from executions.services import Attempt, trigger_execution
from executions.statuses import DELETED_IN_AIRFLOW, ExecutionStatus
from pipelines.models import DeploymentStatus, Pipeline
from pipelines.services import check_deployment, claim_look, deploy, resume_deployments
from tests.executions.conftest import GRAPH, Queue, again, key, revise, serve
from tests.fake_airflow import FakeAirflow

pytestmark = pytest.mark.usefixtures("dags_dir")


def with_another_node() -> dict[str, Any]:
    graph = copy.deepcopy(GRAPH)
    graph["nodes"].append({"id": "first", "module": "transform.limit", "config": {"rows": 1}})
    graph["edges"][1] = {"source": "keep", "target": "first"}
    graph["edges"].append({"source": "first", "target": "write"})
    return graph


def with_another_config() -> dict[str, Any]:
    graph = copy.deepcopy(GRAPH)
    graph["nodes"][0]["config"]["path"] = "other.csv"
    return graph


@pytest.fixture
def unversioned(pipeline: Pipeline, airflow: FakeAirflow) -> Pipeline:
    """A deployed pipeline whose runs follow the newest file."""
    deploy(pipeline.pk)
    serve(airflow, pipeline, bundle_version=None)
    return pipeline


@pytest.fixture
def busy(unversioned: Pipeline, running: PipelineExecution) -> Pipeline:
    """The same, while an execution of it runs."""
    return unversioned


def save(pipeline: Pipeline, graph: dict[str, Any]) -> None:
    """Store a further revision that is still to be deployed."""
    revise(pipeline, config=graph)
    Pipeline.objects.update(
        deployment_status=DeploymentStatus.REGISTERING, deployment_started_at=timezone.now()
    )


def written(pipeline: Pipeline, dags_dir: Path) -> str:
    """Return the revision that the DAG file is of."""
    text = (dags_dir / f"{pipeline.dag_id}.py").read_text()
    [number] = [n for n in range(1, 9) if f"'revision:{n}'" in text]
    return f"revision {number}"


def reason(pipeline: Pipeline) -> str:
    pipeline.refresh_from_db()
    assert pipeline.deployment_status == "registering"
    return pipeline.deployment_error


def test_other_nodes_wait_until_the_run_has_ended(
    busy: Pipeline, running: PipelineExecution, airflow: FakeAirflow, dags_dir: Path
) -> None:
    save(busy, with_another_node())
    assert not deploy(busy.pk)
    assert "Revision 2 waits for 1 execution of this pipeline" in reason(busy)
    assert written(busy, dags_dir) == "revision 1"
    airflow.finish(*key(running))
    services.refresh_execution(running)
    assert deploy(busy.pk)
    assert reason(busy) == ""
    assert written(busy, dags_dir) == "revision 2"


def test_executions_of_the_new_revision_wait_with_the_reason_and_then_run(
    busy: Pipeline, running: PipelineExecution, airflow: FakeAirflow, queue: Queue
) -> None:
    save(busy, with_another_node())
    deploy(busy.pk)
    new = services.start_execution(busy)
    assert trigger_execution(new.pk) is Attempt.LATER
    assert "waits for 1 execution" in again(new).status_reason
    airflow.finish(*key(running))
    services.refresh_execution(running)
    deploy(busy.pk)
    busy.refresh_from_db()
    serve(airflow, busy, bundle_version=None)
    check_deployment(busy.pk)
    assert trigger_execution(new.pk) is Attempt.TRIGGERED


def test_a_change_of_config_does_not_wait(busy: Pipeline, dags_dir: Path) -> None:
    save(busy, with_another_config())
    assert deploy(busy.pk)
    assert written(busy, dags_dir) == "revision 2"


@pytest.mark.parametrize("changed", [{"retries": 3}, {"pool": "slow"}])
def test_what_a_run_does_not_bring_along_waits(busy: Pipeline, changed: dict[str, Any]) -> None:
    graph = copy.deepcopy(GRAPH)
    graph["nodes"][0] |= changed
    save(busy, graph)
    assert not deploy(busy.pk)


def test_where_runs_keep_a_version_nothing_waits(
    busy: Pipeline, airflow: FakeAirflow, dags_dir: Path
) -> None:
    serve(airflow, busy)
    save(busy, with_another_node())
    assert deploy(busy.pk)
    assert written(busy, dags_dir) == "revision 2"


def test_runs_in_the_same_structure_are_not_waited_for(
    busy: Pipeline, running: PipelineExecution, airflow: FakeAirflow
) -> None:
    """Revision 2 never ran; revision 3 is as the running one."""
    save(busy, with_another_node())
    deploy(busy.pk)
    save(busy, with_another_config())
    assert deploy(busy.pk)


def test_an_execution_that_was_not_triggered_is_not_waited_for(
    unversioned: Pipeline, pending: PipelineExecution
) -> None:
    save(unversioned, with_another_node())
    assert deploy(unversioned.pk)


def test_an_execution_that_is_being_triggered_is_waited_for(
    unversioned: Pipeline, pending: PipelineExecution
) -> None:
    PipelineExecution.objects.update(trigger_claimed_at=timezone.now())
    save(unversioned, with_another_node())
    assert not deploy(unversioned.pk)


def test_a_run_that_airflows_scheduler_has_just_begun_is_waited_for(
    unversioned: Pipeline, airflow: FakeAirflow
) -> None:
    airflow.begin(unversioned.dag_id, "scheduled__1", run_type="scheduled")
    save(unversioned, with_another_node())
    assert not deploy(unversioned.pk)
    adopted = PipelineExecution.objects.get()
    assert (adopted.trigger_type, adopted.revision.number) == ("scheduled", 1)
    airflow.finish(unversioned.dag_id, "scheduled__1")
    services.sync_active()
    assert deploy(unversioned.pk)


def test_a_run_that_begins_while_a_revision_waits_is_of_the_one_before(
    busy: Pipeline, running: PipelineExecution, airflow: FakeAirflow
) -> None:
    save(busy, with_another_node())
    deploy(busy.pk)
    airflow.begin(busy.dag_id, "scheduled__1", run_type="scheduled")
    services.sync_active()
    adopted = PipelineExecution.objects.get(airflow_dag_run_id="scheduled__1")
    assert adopted.revision.number == 1
    airflow.finish(*key(running))
    services.refresh_execution(running)
    deploy(busy.pk)
    assert "1 execution" in reason(busy)


@pytest.mark.parametrize(
    ("why", "waits"), [(DELETED_IN_AIRFLOW, False), ("Airflow reports the state 'odd'.", True)]
)
def test_an_execution_of_unknown_status_is_waited_for_unless_its_run_was_deleted(
    busy: Pipeline, why: str, waits: bool
) -> None:
    PipelineExecution.objects.update(status=ExecutionStatus.UNKNOWN, status_reason=why)
    save(busy, with_another_node())
    assert deploy(busy.pk) is not waits


def test_while_airflow_cannot_say_whether_runs_keep_a_version_it_is_waited_for(
    busy: Pipeline, airflow: FakeAirflow
) -> None:
    airflow.outage = "Airflow is down."
    save(busy, with_another_node())
    assert not deploy(busy.pk)
    assert reason(busy) == "Waiting for Airflow: Airflow is down."


def test_while_airflow_is_down_and_nothing_runs_the_file_is_written(
    unversioned: Pipeline, airflow: FakeAirflow
) -> None:
    airflow.outage = "Airflow is down."
    save(unversioned, with_another_node())
    assert deploy(unversioned.pk)


def test_what_waits_does_not_run_out_of_time_and_is_come_back_to(
    busy: Pipeline, queue: Queue, django_capture_on_commit_callbacks: Any
) -> None:
    save(busy, with_another_node())
    Pipeline.objects.update(deployment_started_at=timezone.now() - timedelta(hours=1))
    deploy(busy.pk)
    busy.refresh_from_db()
    assert busy.deployment_started_at > timezone.now() - timedelta(minutes=1)
    # A look that was queued for the revision before does not go on in its place.
    Pipeline.objects.update(deployment_checked_at=None)
    assert not claim_look(busy.pk)
    with django_capture_on_commit_callbacks(execute=True):
        resume_deployments()
    assert queue.names() == ["deploy_pipeline"]


def test_a_pipeline_saved_while_its_run_is_being_triggered_begins_no_run(
    unversioned: Pipeline, pending: PipelineExecution, airflow: FakeAirflow
) -> None:
    """Airflow would start it on one file and go on with the other."""
    airflow.after("get_dag", lambda: save(unversioned, with_another_config()))
    assert trigger_execution(pending.pk) is Attempt.SOON
    assert airflow.runs == {}
    assert again(pending).trigger_claimed_at is None
