"""An error in a node: retried or final, told in words, and without secrets."""

import json
from typing import Any

import pytest

from etl.errors import ConfigError, DataError, TransientError
from tests.dags.nodes import Recorder, an_operator, run, the_failure
from tests.dags.runs import a_context

pytestmark = pytest.mark.slow


def test_a_terminal_error_fails_the_task_for_good_and_is_left_as_xcom(node: Recorder) -> None:
    node.failure = DataError("'x' is no number. Correct it.", node="keep", field="config.a")
    context = a_context()

    with pytest.raises(the_failure()[1], match="Node 'keep': 'x' is no number"):
        run(an_operator(), context)

    assert context["ti"].pushed == {
        "error": {
            "type": "DataError",
            "message": "Node 'keep': 'x' is no number. Correct it.",
            "wording": {
                "text": "Node '{node}': {problem}",
                "values": {"node": "keep", "problem": "'x' is no number. Correct it."},
            },
            "node": "keep",
            "field": "config.a",
            "retryable": False,
            "quarantine": None,
        }
    }


def test_a_transient_error_lets_airflow_retry(node: Recorder) -> None:
    retryable, terminal = the_failure()
    node.failure = TransientError("the warehouse is down.", node="keep")

    with pytest.raises(retryable) as caught:
        run(an_operator(retries=2), a_context())

    assert not isinstance(caught.value, terminal)


def test_a_crash_is_told_with_its_type_and_may_be_retried(node: Recorder) -> None:
    retryable, terminal = the_failure()
    node.failure = ZeroDivisionError("division by zero")
    context = a_context()

    with pytest.raises(retryable, match="'keep' failed unexpectedly: ZeroDivisionError") as caught:
        run(an_operator(), context)

    assert not isinstance(caught.value, terminal)
    assert context["ti"].pushed["error"]["retryable"]
    json.dumps(context["ti"].pushed)


def test_an_error_counts_although_its_details_cannot_be_left(node: Recorder) -> None:
    node.failure = ConfigError("no such table.", node="keep")
    context = a_context()

    def refuse(**_: Any) -> None:
        raise RuntimeError("no XCom today")

    context["ti"].xcom_push = refuse
    with pytest.raises(the_failure()[1], match="no such table"):
        run(an_operator(), context)
