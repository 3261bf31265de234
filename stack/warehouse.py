"""The demo warehouse as Airflow's connection `warehouse`, where pipelines look connections up."""

from __future__ import annotations

from http import HTTPStatus

from requests.auth import AuthBase

from airflow_bridge.errors import AirflowError
from airflow_bridge.rest import BasicAuth, Reply, RestSession, Server
from airflow_bridge.rest_v1 import AirflowV1
from airflow_bridge.rest_v2 import AirflowV2, BearerAuth
from stack.catalogue import airflow_api
from stack.errors import StackError
from stack.ports import HOST
from stack.programs import AIRFLOW_USER, Stack

CONNECTION = "warehouse"


def define_connection(stack: Stack) -> None:
    """Define the connection, or bring it up to date.

    Raises:
        StackError: Airflow is away or refuses; with its reason, and with no password.
    """
    airflow = RestSession(Server(stack.airflow_url))
    try:
        if stack.airflow.major == 2:
            auth: AuthBase = BasicAuth(AIRFLOW_USER, stack.secrets.airflow_password)
            _save(airflow, f"{AirflowV1.root}/connections", auth, stack)
        else:
            auth = _login(airflow, stack)
            _save(airflow, f"{AirflowV2.root}/connections", auth, stack)
    except AirflowError as error:
        # A Reply has left out what was sent: Airflow repeats it where it refuses a value.
        raise StackError(
            f"The connection {CONNECTION!r} could not be defined in Airflow at "
            f"{stack.airflow_url}. {error}\n"
            f"See {stack.layout.logs / airflow_api(stack).name}.log, mend what it names and run "
            f"`make up` again."
        ) from error


def _login(airflow: RestSession, stack: Stack) -> BearerAuth:
    login = {"username": AIRFLOW_USER, "password": stack.secrets.airflow_password}
    try:
        answer = airflow.call("POST", "/auth/token", body=login)
    except Reply as reply:
        if reply.status not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise
        raise StackError(
            f"Airflow at {stack.airflow_url} refuses the login {AIRFLOW_USER!r} of this stack. "
            f"It was started with another password than the one in "
            f"{stack.layout.airflow_passwords}: `make down`, then `make up`."
        ) from reply
    try:
        return BearerAuth(answer["access_token"])
    except (TypeError, KeyError) as error:
        raise StackError(
            f"Airflow at {stack.airflow_url} answered the login of {AIRFLOW_USER!r} without a "
            f"token. Is it another program that answers there? `make down`, then `make up`."
        ) from error


def _save(airflow: RestSession, path: str, auth: AuthBase, stack: Stack) -> None:
    connection = {
        "connection_id": CONNECTION,
        "conn_type": "postgres",
        "description": "The demo warehouse of this LogiData",
        "host": HOST,
        "port": stack.ports.postgres,
        "login": "warehouse",
        "password": stack.secrets.warehouse,
        "schema": "warehouse",
    }
    try:
        airflow.call("PATCH", f"{path}/{CONNECTION}", auth=auth, body=connection)
    except Reply as reply:
        if reply.status != HTTPStatus.NOT_FOUND:
            raise
        airflow.call("POST", path, auth=auth, body=connection)
