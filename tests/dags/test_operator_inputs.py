"""What a node takes in: what the nodes before it left, or rejected rows that are replayed."""

import json
from pathlib import Path
from typing import Any

import pytest

import etl.replay
import etl.runner
from etl.settings import run_settings
from tests.dags.nodes import Recorder, an_operator, given, run, the_failure
from tests.dags.runs import a_context

pytestmark = pytest.mark.slow


def test_inputs_are_what_the_nodes_before_left(node: Recorder) -> None:
    operator = an_operator(inputs={"left": "orders", "right": "customers"})

    run(operator, a_context(results={"orders": {"uri": "o"}, "customers": {"uri": "c"}}))

    assert node.calls[0]["inputs"] == {"left": {"uri": "o"}, "right": {"uri": "c"}}


def test_a_node_whose_input_is_missing_says_which(node: Recorder) -> None:
    with pytest.raises(the_failure()[1], match="Node 'keep': the node 'orders' before it"):
        run(an_operator(inputs={"input": "orders"}), a_context())


def test_a_node_that_a_replay_has_no_use_for_does_nothing(node: Recorder) -> None:
    context = a_context(given(idle=["keep"]))

    result = run(an_operator(config={"condition": "a > {{ params.gone }}"}), context)

    assert (result["idle"], result["uri"], result["metrics"]["rows_out"]) == (True, None, 0)
    assert not node.calls
    json.dumps(result)


def test_a_replayed_node_takes_in_the_rejected_rows_and_not_what_comes_before(
    node: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def rows(*arguments: Any, raw: bool) -> dict[str, Any]:
        asked.append(arguments)
        assert not raw
        return {"uri": "replayed"}

    monkeypatch.setattr(etl.replay, "replayed_input", rows)
    replay = {"node": "keep", "uri": "/staging/e0/q", "records": {"0": {"a": "1"}}}
    conf = given(replay=replay, idle=["orders"])

    run(an_operator(inputs={"input": "orders"}), a_context(conf))

    assert node.calls[0]["inputs"] == {"input": {"uri": "replayed"}}
    uri, corrections, context = asked[0]
    assert (uri, corrections) == ("/staging/e0/q", {"0": {"a": "1"}})
    assert context == node.context


def test_a_replayed_extractor_takes_in_the_raw_records(
    node: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(etl.replay, "replayed_input", lambda *_, raw: {"uri": f"raw: {raw}"})

    run(an_operator(), a_context(given(replay={"node": "keep", "uri": "q"}, idle=[])))

    assert node.calls[0]["inputs"] == {"raw_records": {"uri": "raw: True"}}


def test_a_node_behind_a_replayed_one_takes_its_inputs_as_always(node: Recorder) -> None:
    conf = given(replay={"node": "orders", "uri": "q"}, idle=["returns"])
    inputs = {"orders": "orders", "returns": "returns", "prices": "prices"}
    results = {"orders": {"uri": "o"}, "prices": {"uri": "p"}, "returns": {"idle": True}}

    run(an_operator(inputs=inputs), a_context(conf, results=results))

    # What has nothing to do gives nothing; a module of any number of inputs goes without it.
    assert node.calls[0]["inputs"] == {"orders": {"uri": "o"}, "prices": {"uri": "p"}}


def test_rejected_rows_that_are_gone_fail_the_replay_by_name(
    node: Recorder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LOGIDATA_STAGING", str(tmp_path))
    run_settings.cache_clear()
    context = a_context(given(replay={"node": "keep", "uri": f"{tmp_path}/e0/q"}))
    try:
        with pytest.raises(the_failure()[0], match="Node 'keep': the staged data"):
            run(an_operator(inputs={"input": "orders"}), context)
    finally:
        run_settings.cache_clear()

    assert not node.calls
