"""The connection `warehouse` in Airflow: defined, brought up to date, refused without a secret."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from stack import warehouse
from stack.errors import StackError
from stack.layout import PROJECT, Layout
from stack.ports import Ports
from stack.programs import Stack
from stack.secrets import Secrets
from tests.airflow_bridge.stub_server import Answer, Respond, serve

TOKEN = Answer({"access_token": "t"}, 201)


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    layout = Layout(PROJECT, tmp_path, tmp_path / "dags", (tmp_path / "data",))
    layout.create()
    return Stack(layout, Ports.choose_free(), Secrets.load_or_create(layout.secrets))


def asked_of(stack: Stack, respond: Respond) -> list[str]:
    """Define the connection in an Airflow that answers so; return what that was asked."""
    with serve(respond) as airflow:
        ports = replace(stack.ports, airflow=int(airflow.url.rsplit(":", 1)[1]))
        try:
            warehouse.define_connection(replace(stack, ports=ports))
        finally:
            asked = [f"{one.method} {one.path}" for one in airflow.asked]
    return asked


def refusal(stack: Stack, respond: Respond) -> str:
    with pytest.raises(StackError) as caught:
        asked_of(stack, respond)
    message = str(caught.value)
    assert "make up" in message
    assert "http://127.0.0.1:" in message
    for secret in vars(stack.secrets).values():
        assert secret not in message
    return message


def test_a_known_connection_is_brought_up_to_date(stack):
    assert asked_of(stack, lambda asked: TOKEN) == [
        "POST /auth/token",
        "PATCH /api/v2/connections/warehouse",
    ]


def test_an_unknown_connection_is_created(stack):
    def respond(asked):
        return Answer({"detail": "unknown"}, 404) if asked.method == "PATCH" else TOKEN

    assert asked_of(stack, respond)[-1] == "POST /api/v2/connections"


def test_a_refusal_that_repeats_what_was_sent_is_told_without_the_password(stack):
    def respond(asked):
        if asked.path == "/auth/token":
            return TOKEN
        said = {"loc": ["body", "port"], "msg": "not a port", "input": asked.body}
        return Answer({"detail": [said]}, 422)

    message = refusal(stack, respond)
    assert "not a port" in message
    assert "airflow-api-server.log" in message


def test_a_refused_login_says_so(stack):
    message = refusal(stack, lambda asked: Answer({"detail": "Invalid credentials"}, 401))
    assert "refuses the login 'admin'" in message


@pytest.mark.parametrize("body", [{}, [], None])
def test_a_login_without_a_token_is_no_key_error(stack, body):
    assert "without a token" in refusal(stack, lambda asked: Answer(body, 201))


def test_an_airflow_that_fails_is_named(stack):
    assert "answered 500" in refusal(stack, lambda asked: Answer("oops", 500))
