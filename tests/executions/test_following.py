"""Following a run: what is shown is what Airflow says, and it is complete when it has ended."""

from __future__ import annotations

import pytest

from airflow_bridge.errors import AirflowRefused, AirflowUnavailable
from executions import services
from executions.errors import AirflowNotAnswering
from executions.models import PipelineExecution
from executions.statuses import DELETED_IN_AIRFLOW
from tests.executions.conftest import NODES, again, key, statuses
from tests.fake_airflow import FakeAirflow, dataset


def test_a_queued_run_is_pending(triggered: PipelineExecution) -> None:
    execution = services.refresh_execution(triggered)
    assert (execution.status, execution.status_reason) == ("pending", "Queued in Airflow.")


def test_a_running_run_shows_which_node_runs(running: PipelineExecution) -> None:
    assert (running.status, running.status_reason) == ("running", "")
    assert running.started_at is not None
    assert statuses(running) == {"read": "running", "keep": "pending", "write": "pending"}


def test_a_run_that_succeeded_is_complete_with_its_counts(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    results = {"read": dataset(5), "keep": dataset(3, rows_in=5, rows_rejected=2)}
    run = airflow.finish(*key(running), results=results)
    execution = services.refresh_execution(running)
    assert execution.status == "success"
    assert execution.completed_at == run.end_date
    assert execution.duration_seconds == pytest.approx(
        (execution.completed_at - execution.started_at).total_seconds()
    )
    keep = execution.tasks.get(node_id="keep")
    assert (keep.rows_in, keep.rows_out, keep.rows_rejected) == (5, 3, 2)
    assert (keep.bytes_out, keep.peak_rss_bytes) == (100, 1_000_000)
    assert keep.sample == [{"id": 0}, {"id": 1}, {"id": 2}]
    assert keep.duration_seconds is not None


def test_the_result_of_a_node_is_fetched_once(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.set_task(*key(running), "read", "success", result=dataset())
    for _ in range(3):
        services.refresh_execution(running)
    assert airflow.calls["xcom"] == 1


def test_a_failed_run_says_what_its_node_said(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    message = "Node 'read': file 'a.csv' does not exist. Put it into the data folder."
    airflow.fail(*key(running), "read", {"type": "ConfigError", "message": message})
    execution = services.refresh_execution(running)
    assert (execution.status, execution.error_message) == ("failed", message)
    assert statuses(execution) == {"read": "failed", "keep": "skipped", "write": "skipped"}


def test_an_error_that_does_not_name_its_node_gets_the_name(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.fail(*key(running), "read", {"type": "KeyError", "message": "boom\0"})
    assert services.refresh_execution(running).error_message == "Node 'read': boom?"


def test_a_node_that_died_silently_points_to_its_log(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.fail(*key(running), "read")
    assert "ended without saying why" in services.refresh_execution(running).error_message


def test_a_run_that_a_person_marked_failed_says_so(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    for node in NODES:
        airflow.set_task(*key(running), node, "success", result=dataset())
    airflow.set_run(*key(running), "failed")
    execution = services.refresh_execution(running)
    assert execution.status == "failed"
    assert "marked failed in Airflow" in execution.error_message


def test_a_second_try_is_shown_as_running_again(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    run = key(running)
    airflow.set_task(*run, "read", "success", result=dataset())
    airflow.set_task(*run, "keep", "up_for_retry")
    assert statuses(services.refresh_execution(running))["keep"] == "pending"
    airflow.set_task(*run, "keep", "running", try_number=2)
    execution = services.refresh_execution(running)
    keep = execution.tasks.get(node_id="keep")
    assert (keep.status, keep.tries, keep.completed_at) == ("running", 2, None)


def test_a_final_status_stays_whatever_is_said_later(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.finish(*key(running))
    services.refresh_execution(running)
    airflow.set_run(*key(running), "running")
    asked = airflow.calls.total()
    assert services.refresh_execution(running).status == "success"
    assert airflow.calls.total() == asked


def test_a_run_deleted_in_airflow_is_unknown_with_the_reason(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.set_task(*key(running), "read", "success", result=dataset())
    services.refresh_execution(running)
    airflow.forget_run(*key(running))
    execution = services.refresh_execution(running)
    assert (execution.status, execution.status_reason) == ("unknown", DELETED_IN_AIRFLOW)
    assert "execute the pipeline again" in execution.status_reason
    assert statuses(execution) == {"read": "success", "keep": "unknown", "write": "unknown"}


def test_a_state_that_is_new_to_us_is_unknown_until_it_is_known_again(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.set_run(*key(running), "dreaming")
    execution = services.refresh_execution(running)
    assert execution.status == "unknown"
    assert "'dreaming'" in execution.status_reason
    assert "cancel the execution" in execution.status_reason
    airflow.finish(*key(running))
    assert services.refresh_execution(running).status == "success"


def test_an_airflow_that_is_down_changes_nothing_and_is_reported(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.outage = "Airflow cannot be reached."
    with pytest.raises(AirflowNotAnswering, match=r"Airflow cannot be reached\."):
        services.refresh_execution(running)
    assert again(running).status == "running"


def test_an_execution_does_not_end_before_its_results_could_be_read(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.finish(*key(running))

    def fall_over() -> None:
        raise AirflowUnavailable("Airflow did not answer in time.")

    airflow.before("xcom", fall_over)
    with pytest.raises(AirflowNotAnswering):
        services.refresh_execution(running)
    assert again(running).status == "running"
    assert services.refresh_execution(running).status == "success"
    assert running.tasks.get(node_id="read").rows_out == 3


def test_a_result_that_airflow_refuses_does_not_hold_up_the_status(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.finish(*key(running))

    def refuse() -> None:
        raise AirflowRefused("Not for you.")

    airflow.before("xcom", refuse)
    assert services.refresh_execution(running).status == "success"


@pytest.mark.parametrize("value", ["text", 7, {"metrics": "none"}, {"metrics": {"rows_in": "x"}}])
def test_a_result_of_a_foreign_shape_is_left_out(
    running: PipelineExecution, airflow: FakeAirflow, value: object
) -> None:
    airflow.finish(*key(running), results={"read": value})
    execution = services.refresh_execution(running)
    assert execution.status == "success"
    assert execution.tasks.get(node_id="read").rows_in is None


def test_a_sample_that_postgresql_cannot_hold_is_kept_readable(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    value = dataset() | {"data": [{"a": "x\0y", "b": float("nan"), "c": "\ud800"}]}
    airflow.finish(*key(running), results={"read": value})
    services.refresh_execution(running)
    assert running.tasks.get(node_id="read").sample == [{"a": "x?y", "b": "nan", "c": "?"}]


def test_a_task_that_the_graph_does_not_have_gets_a_row(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.set_task(*key(running), "added_in_airflow", "success")
    assert statuses(services.refresh_execution(running))["added_in_airflow"] == "success"


def test_an_execution_that_was_not_triggered_yet_needs_no_airflow(
    pending: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.outage = "Airflow is down."
    assert services.refresh_execution(pending).status == "pending"
