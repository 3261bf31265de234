"""Replays of the raw records that an extractor rejected, and of rows that were edited."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from etl.context import RunContext
from etl.raw_records import RAW
from etl.replay import replayed_input
from etl.results import idle_result
from executions import services
from executions.errors import NotReplayable
from executions.models import PipelineExecution
from executions.services.replay_plan import why_not_kept
from executions.services.triggering import trigger_execution
from pipelines.models import Pipeline
from tests.executions.conftest import key, revise, serve
from tests.executions.quarantines import Staging
from tests.fake_airflow import FakeAirflow, dataset

pytestmark = pytest.mark.slow

READ_GRAPH: dict[str, Any] = {
    "nodes": [
        {
            "id": "read",
            "module": "extract.csv",
            "config": {"path": "a.csv", "types": {"id": "BIGINT"}, "max_rejected": 10},
        },
        {
            "id": "write",
            "module": "load.postgres",
            "config": {"connection": "warehouse", "table": "orders", "mode": "append"},
        },
    ],
    "edges": [{"source": "read", "target": "write"}],
}


@pytest.fixture
def raw(
    make_pipeline: Callable[..., Pipeline], airflow: FakeAirflow, staging: Staging
) -> PipelineExecution:
    """A success whose extractor has set aside the lines 3 and 4."""
    data = staging.folder.parent / "data"
    data.mkdir()
    (data / "a.csv").write_text('id,v\n1,a\nx,"b\nc"\ny,d\n')
    execution = services.start_execution(make_pipeline("reads", READ_GRAPH, default_params={}))
    trigger_execution(execution.pk)
    config = READ_GRAPH["nodes"][0]["config"]
    read = staging.run(str(execution.pk), "read", "extract.csv", config, {})
    (data / "a.csv").unlink()
    airflow.finish(*key(execution), results={"read": read, "write": dataset(1)})
    return services.refresh_execution(execution)


def change(execution: PipelineExecution, airflow: FakeAirflow, **node: Any) -> None:
    graph = copy.deepcopy(READ_GRAPH)
    graph["nodes"][0] |= node
    assert execution.pipeline is not None
    revise(execution.pipeline, config=graph)
    serve(airflow, execution.pipeline)


def run_replay(replay: PipelineExecution, airflow: FakeAirflow, staging: Staging) -> Any:
    """Do what Airflow's tasks do for a triggered replay; return the result of the extractor."""
    trigger_execution(replay.pk)
    conf = airflow.runs[key(replay)].conf["logidata"]
    own = conf["replay"]
    context = RunContext(conf["execution_id"], own["node"], str(staging.folder))
    rows = replayed_input(own["uri"], own["records"], context, raw=True)
    read = staging.run(str(replay.pk), "read", "extract.csv", conf["nodes"]["read"], {RAW: rows})
    results = {node: idle_result() for node in conf["idle"]}
    written = dataset(read["metrics"]["rows_out"])
    airflow.finish(*key(replay), results=results | {"read": read, "write": written})
    return read


def test_corrected_records_go_through_the_extractor_again(
    raw: PipelineExecution, airflow: FakeAirflow, staging: Staging
) -> None:
    records = {"0": {"record": '2,"b\nc"'}}
    replay = services.replay_rejected(raw, "read", records=records).execution
    read = run_replay(replay, airflow, staging)
    replay = services.refresh_execution(replay)
    assert (replay.status, replay.rows_rejected) == ("success", 1), replay.error_message
    assert read["data"] == [{"id": 2, "v": "b\nc"}]
    [row] = services.quarantine_of(replay, "read").page(0, 9)
    assert (row.file, row.line, row.record) == ("a.csv", 4, "y,d")
    assert services.replay_rejected(replay, "read").execution.replay_of == replay


def test_records_are_read_by_the_extractor_as_it_is_now(
    raw: PipelineExecution, airflow: FakeAirflow, staging: Staging
) -> None:
    change(raw, airflow, config={"path": "b.csv", "types": {"id": "VARCHAR"}})
    replay = services.replay_rejected(raw, "read").execution
    read = run_replay(replay, airflow, staging)
    assert read["data"] == [{"id": "x", "v": "b\nc"}, {"id": "y", "v": "d"}]
    assert services.refresh_execution(replay).status == "success"


@pytest.mark.parametrize("module", ["extract.jsonl", "extract.http"])
def test_records_are_not_read_by_another_module(
    raw: PipelineExecution, airflow: FakeAirflow, module: str
) -> None:
    change(raw, airflow, module=module, config={"path": "b"})
    with pytest.raises(NotReplayable, match=f"it is {module} now, and cannot read the records"):
        services.replay_rejected(raw, "read")


def test_rows_of_an_input_are_not_given_to_a_node_without_one(
    quarantined: PipelineExecution,
) -> None:
    graph = copy.deepcopy(READ_GRAPH)
    graph["nodes"][0]["id"] = "cast"
    graph["edges"][0]["source"] = "cast"
    assert quarantined.pipeline is not None
    revise(quarantined.pipeline, config=graph)
    with pytest.raises(NotReplayable, match="it has no input now"):
        services.replay_rejected(quarantined, "cast")


def test_a_module_that_asks_for_its_rows_anew_says_why_it_replays_none() -> None:
    assert why_not_kept("extract.http").startswith("extract.http asks for its rows anew")
    assert "what columns they had was not kept" in why_not_kept("extract.csv")


def test_a_raw_record_is_corrected_as_a_whole_over_the_api(
    raw: PipelineExecution, api: APIClient, permit: Callable[..., None]
) -> None:
    permit("view_pipelineexecution", "execute_pipeline")
    url = f"/api/v1/executions/{raw.pk}/replay"
    answer = api.post(url, {"node": "read", "records": {"0": {"id": 2}}}, "json")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "records.0.id")
    answer = api.post(url, {"node": "read", "records": {"0": {"record": "2,b"}}}, "json")
    assert answer.status_code == 202
    plan = raw.replays.get().replay_plan
    assert plan["replay"]["records"] == {"0": {"record": "2,b"}}


def test_the_admin_takes_corrections_of_raw_records(
    raw: PipelineExecution, client: Client, user: Any, permit: Callable[..., None]
) -> None:
    client.force_login(user)
    permit("view_pipelineexecution", "execute_pipeline")
    page = f"/admin/executions/pipelineexecution/{raw.pk}/nodes/read/quarantine/"
    assert 'name="record-0"' in client.get(page).content.decode()
    # As a browser sends texts, changed or not.
    edited = {"record-0": 'x,"b\r\nc"', "record-1": "2,d", "offset": "0"}
    client.post(f"{page}replay/", edited)
    assert raw.replays.get().replay_plan["replay"]["records"] == {"1": {"record": "2,d"}}


def test_the_admin_takes_corrections_of_an_inputs_rows(
    quarantined: PipelineExecution, client: Client, user: Any, permit: Callable[..., None]
) -> None:
    client.force_login(user)
    permit("view_pipelineexecution", "execute_pipeline")
    page = f"/admin/executions/pipelineexecution/{quarantined.pk}/nodes/cast/quarantine/"
    shown = client.get(page).content.decode()
    # As a table, whose rows people count from 1.
    assert '<th scope="col"><code>amount</code></th>' in shown
    assert 'name="cell-0-amount" value="' in shown
    assert 'aria-label="amount of row 1"' in shown
    edited = {"cell-0-amount": "2", "cell-0-total": "1"}
    refused = client.post(f"{page}replay/", edited).content.decode()
    assert "There is no column" in refused
    assert 'name="cell-0-amount" value="2"' in refused
    client.post(f"{page}replay/", {"cell-0-amount": "2", "cell-1-amount": ""})
    plan = quarantined.replays.get().replay_plan
    assert plan["replay"]["records"] == {"0": {"amount": "2"}, "1": {"amount": None}}


def test_the_admin_says_before_anything_is_corrected_that_rows_cannot_be_replayed(
    quarantined: PipelineExecution, client: Client, admin_user: Any
) -> None:
    client.force_login(admin_user)
    place = f"/admin/executions/pipelineexecution/{quarantined.pk}/nodes/cast/quarantine/"
    assert '<button type="submit" class="button main">' in client.get(place).content.decode()
    PipelineExecution.objects.update(status="failed")
    shown = client.get(place).content.decode()
    assert "its other rows are missing, too" in shown
    assert "cell-0-amount" not in shown
    assert "disabled" in shown[: shown.index("Replay these rows")].rpartition("<button")[2]
    api = APIClient()
    api.force_authenticate(admin_user)
    node = api.get(f"/api/v1/executions/{quarantined.pk}/nodes/cast").json()
    assert "its other rows are missing, too" in node["replay_refusal"]


def test_edits_of_rows_that_cannot_be_replayed_are_refused_for_that(
    raw: PipelineExecution,
    staging: Staging,
    client: Client,
    user: Any,
    permit: Callable[..., None],
) -> None:
    client.force_login(user)
    permit("view_pipelineexecution", "execute_pipeline")
    folder = staging.folder / str(raw.pk) / "read" / "1" / "_rejected"
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "layouts": []}))
    page = f"/admin/executions/pipelineexecution/{raw.pk}/nodes/read/quarantine/replay/"
    shown = client.post(page, {"record-0": "2,b"}).content.decode()
    assert "what columns they had was not kept" in shown


def test_a_record_on_another_page_is_not_taken_for_one_of_this(
    quarantined: PipelineExecution,
) -> None:
    found = services.quarantine_of(quarantined, "cast")
    edited = {1: {"amount": "none"}}
    assert services.corrections_of(found, 0, 1, edited) == {}
    assert services.corrections_of(found, 1, 1, edited) == {"1": {"amount": "none"}}
