"""The connections that a node is given are Airflow's."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from airflow.sdk.exceptions import ErrorType
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import DRCount, ErrorResponse, GetDRCount

import etl.replay
import etl.runner
from etl.connections import Connection
from etl.errors import ConfigError, TransientError
from etl.messages import read_message, say, translate
from tests.dags.nodes import Recorder, an_operator, run, the_failure
from tests.dags.runs import a_context

pytestmark = pytest.mark.slow


def test_a_connection_is_airflows(node: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = "postgres://ann:p%40ss-word@db.example:5433/shop?sslmode=require"
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", uri)
    run(an_operator(), a_context())

    assert node.context.connection("warehouse") == Connection(
        id="warehouse",
        type="postgres",
        host="db.example",
        port=5433,
        login="ann",
        password="p@ss-word",
        schema="shop",
        extra={"sslmode": "require"},
    )


def test_a_connection_that_airflow_does_not_have_says_where_to_create_it(node: Recorder) -> None:
    run(an_operator(), a_context())

    with pytest.raises(ConfigError) as caught:
        node.context.connection("nowhere")

    assert str(caught.value) == (
        "Node 'keep': connection 'nowhere' is not defined in Airflow. Create it under "
        "Connections, or pick another."
    )


class Supervisor:
    """What a task asks; `database` gives the answer for which Airflow asks its database."""

    def __init__(self, database: Callable[[], object]) -> None:
        self.database = database

    def send(self, message: object) -> object:
        if isinstance(message, GetDRCount):
            return self.database()
        return ErrorResponse(error=ErrorType.CONNECTION_NOT_FOUND)


@pytest.fixture
def supervised(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    return lambda database: monkeypatch.setattr(
        task_runner, "SUPERVISOR_COMMS", Supervisor(database), raising=False
    )


def test_an_airflow_whose_database_is_away_is_not_one_without_the_connection(
    node: Recorder, supervised: Any
) -> None:
    supervised(lambda: ErrorResponse(error=ErrorType.API_SERVER_ERROR))
    run(an_operator(), a_context())

    with pytest.raises(TransientError, match="'nowhere'"):
        node.context.connection("nowhere")


def test_a_connection_is_asked_for_again_once_airflows_database_answers(
    node: Recorder, supervised: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answers() -> DRCount:
        monkeypatch.setenv("AIRFLOW_CONN_BACK", "postgres://db.example/shop")
        return DRCount(count=0)

    supervised(answers)
    run(an_operator(), a_context())

    assert node.context.connection("back").host == "db.example"
    with pytest.raises(ConfigError, match="'nowhere'"):
        node.context.connection("nowhere")


def test_a_connections_password_is_masked_in_errors(
    node: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", "postgres://ann:quite-secret-word@db/shop")
    operator, context = an_operator(), a_context()

    def connect_and_crash(**arguments: Any) -> None:
        password = arguments["context"].connection("warehouse").password
        raise RuntimeError(f"cannot connect with password={password}")

    monkeypatch.setattr(etl.runner, "run_node", connect_and_crash)
    with pytest.raises(the_failure()[0]) as caught:
        run(operator, context)

    assert "quite-secret-word" not in str(caught.value)
    assert "quite-secret-word" not in json.dumps(context["ti"].pushed)
    assert "cannot connect" in str(caught.value)


def test_a_masked_error_can_still_be_told_in_another_language(
    node: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", "postgres://ann:quite-secret-word@db/shop")
    context = a_context()

    def refuse(**arguments: Any) -> None:
        password = arguments["context"].connection("warehouse").password
        inner = say("the server refuses '{value}'", value=password)
        raise ConfigError(say("it cannot connect: {reason}.", reason=inner), node="keep")

    monkeypatch.setattr(etl.runner, "run_node", refuse)
    with pytest.raises(the_failure()[1]):
        run(an_operator(), context)

    error = json.loads(json.dumps(context["ti"].pushed["error"]))
    french = {"the server refuses '{value}'": "le serveur refuse « {value} »"}
    sentence = read_message(error["message"], error["wording"])
    told = translate(sentence, lambda text: french.get(text, text))
    assert "quite-secret-word" not in json.dumps(error)
    assert told == "Node 'keep': it cannot connect: le serveur refuse « *** »."
