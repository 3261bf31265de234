"""What a node is given by its run, config, params and context, and where its result goes."""

import json
from pathlib import Path
from typing import Any

import pytest

from etl.settings import run_settings
from tests.dags.nodes import RESULT, Recorder, an_operator, given, run, the_failure
from tests.dags.runs import a_context

pytestmark = pytest.mark.slow


def test_the_nodes_result_is_the_tasks_xcom(node: Recorder) -> None:
    assert run(an_operator(), a_context()) == RESULT
    assert node.calls[0]["node_id"] == "keep"
    assert node.calls[0]["module"] == "transform.filter"


def test_a_run_with_the_conf_of_another_stages_under_an_id_of_its_own(node: Recorder) -> None:
    run(an_operator(), a_context(given(), run_id="manual__2026-01-02"))

    assert node.context.execution_id == "pipeline_1:manual__2026-01-02"


def test_a_node_is_told_when_its_run_began(node: Recorder) -> None:
    context = a_context()

    run(an_operator(), context)

    assert node.context.run_began == context["dag_run"].start_date


def test_a_watermark_is_kept_for_the_pipeline(node: Recorder) -> None:
    watermark = {"column": "id", "initial": None, "lag": 0, "loaders": ["load"]}

    run(an_operator(watermark=watermark), a_context())

    assert node.calls[0]["watermark"] == watermark
    assert node.context.pipeline == "pipeline_1"
    assert node.context.state == run_settings().state


def test_a_replay_reads_sources_whole_and_moves_no_watermark(node: Recorder) -> None:
    watermark = {"column": "id", "initial": None, "lag": 0, "loaders": ["load"]}
    conf = given(replay={"node": "other", "uri": "q"}, idle=[])

    run(an_operator(watermark=watermark), a_context(conf))

    assert node.calls[0]["watermark"] is None


def test_a_run_does_what_it_was_started_with(node: Recorder) -> None:
    conf = given(nodes={"keep": {"condition": "a > 2"}, "other": {"condition": "a > 3"}})

    run(an_operator(), a_context(conf))

    assert node.calls[0]["config"] == {"condition": "a > 2"}


@pytest.mark.parametrize(
    "conf", [None, {}, {"logidata": None}, {"logidata": {"nodes": []}}, given(nodes={})]
)
def test_a_run_that_brings_no_config_takes_the_files(
    node: Recorder, conf: dict[str, Any] | None
) -> None:
    run(an_operator(), a_context(conf))

    assert node.calls[0]["config"] == {"condition": "a > 1"}


def test_the_config_is_rendered_by_airflow_with_the_runs_params(node: Recorder) -> None:
    config = {"condition": "a > {{ params.n }}", "paths": ["{{ ds }}.csv", 7, None]}

    run(an_operator(config=config), a_context(params={"n": 5}))

    assert node.calls[0]["config"] == {"condition": "a > 5", "paths": ["2026-01-02.csv", 7, None]}


def test_a_params_value_is_not_a_template_itself(node: Recorder) -> None:
    run(an_operator(config={"c": "{{ params.n }}"}), a_context(params={"n": "{{ ds }}"}))

    assert node.calls[0]["config"] == {"c": "{{ ds }}"}


@pytest.mark.parametrize(
    "template", ["{{ conn.password }}", "{{ var.password }}", "{{ ti.try_number }}"]
)
def test_a_template_cannot_reach_connections_or_variables(node: Recorder, template: str) -> None:
    context = a_context(given(nodes={"keep": {"condition": template}}))

    with pytest.raises(the_failure()[1]) as caught:
        run(an_operator(), context)

    assert "hunter2" not in str(caught.value)
    assert not node.calls


def test_a_param_that_is_missing_fails_the_node_by_name_and_without_a_retry(
    node: Recorder,
) -> None:
    context = a_context(params={"other": 1})

    with pytest.raises(the_failure()[1], match="Node 'keep': its config needs the param 'n'"):
        run(an_operator(config={"condition": "a > {{ params.n }}"}), context)

    assert context["ti"].pushed["error"]["type"] == "ConfigError"
    assert not node.calls


def test_the_run_context_comes_from_the_run_and_the_settings(node: Recorder) -> None:
    context = a_context(given(execution_id="e7"), run_id="logidata__e7")
    context["ti"].try_number = 3

    run(an_operator(), context)

    assert (node.context.execution_id, node.context.node_id, node.context.attempt) == (
        "e7",
        "keep",
        3,
    )
    assert node.context.staging == run_settings().staging
    assert node.context.data_dirs == run_settings().data_dirs


def test_a_run_of_the_schedule_stages_under_its_own_name(node: Recorder) -> None:
    run(an_operator(), a_context(run_id="scheduled__2026-01-02T00:00:00+00:00"))

    expected = "pipeline_1:scheduled__2026-01-02T00:00:00+00:00"
    assert node.context.execution_id == expected


def test_each_kind_of_module_has_its_colour() -> None:
    colours = {
        kind: an_operator(module=f"{kind}.x").ui_color
        for kind in ("extract", "transform", "load", "acme")
    }

    assert len(set(colours.values())) == 4


def test_a_node_that_is_retried_waits_seconds_and_not_minutes() -> None:
    assert an_operator(retries=2).retry_delay.total_seconds() == 15


def test_a_real_node_runs_through_the_operator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "orders.csv").write_text("order_id,amount\n1,2.5\n2,10\n")
    monkeypatch.setenv("LOGIDATA_DATA_DIRS", str(data))
    monkeypatch.setenv("LOGIDATA_STAGING", str(tmp_path / "staging"))
    run_settings.cache_clear()
    try:
        operator = an_operator(
            task_id="read", module="extract.csv", config={"path": "{{ params.name }}.csv"}
        )
        result = run(operator, a_context(given(), {"name": "orders"}))
    finally:
        run_settings.cache_clear()

    assert result["shape"] == [2, 2]
    assert (tmp_path / "staging" / "e1" / "read" / "1").is_dir()
    json.dumps(result)
