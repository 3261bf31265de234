"""The client for the Airflow that is configured."""

import threading
from http import HTTPStatus
from urllib.parse import urlsplit

from django.conf import settings

from airflow_bridge.client import AirflowClient
from airflow_bridge.errors import AirflowRefused
from airflow_bridge.rest import Reply, RestSession, Server
from airflow_bridge.rest_v1 import AirflowV1
from airflow_bridge.rest_v2 import AirflowV2
from airflow_bridge.versions import require_supported
from etl.messages import say

_lock = threading.Lock()
_shared: AirflowClient | None = None


def get_airflow_client() -> AirflowClient:
    """Return the process's client, made at the first call that reaches Airflow.

    Nobody waits for another's attempt to reach it. Raises AirflowUnavailable or AirflowRefused
    where the server does not say what it is.
    """
    global _shared
    client = _shared
    if client is None:
        client = connect(
            Server(
                url=server_url(settings.AIRFLOW_API_URL),
                connect_timeout=settings.AIRFLOW_CONNECT_TIMEOUT,
                read_timeout=settings.AIRFLOW_READ_TIMEOUT,
                dag_fetch_interval=settings.AIRFLOW_DAG_FETCH_INTERVAL,
            ),
            settings.AIRFLOW_USERNAME,
            settings.AIRFLOW_PASSWORD,
        )
        with _lock:
            if _shared is None:
                _shared = client
            client = _shared
    return client


def forget_airflow_client() -> None:
    """Have the next `get_airflow_client` look again which Airflow there is."""
    global _shared
    with _lock:
        _shared = None


def server_url(api_url: str) -> str:
    """Return the server's address of an API's: with or without `/api/v1`, `/api/v2`, slash."""
    url = api_url.strip().rstrip("/")
    for root in (AirflowV2.root, AirflowV1.root):
        url = url.removesuffix(root)
    return url.rstrip("/")


def connect(server: Server, username: str, password: str) -> AirflowClient:
    """Return the client for the API that the server has, found by asking it for its version.

    Raises AirflowUnavailable, or AirflowRefused where it is no Airflow that LogiData works with, or
    does not accept the login.
    """
    if urlsplit(server.url).scheme not in ("http", "https"):
        raise AirflowRefused(
            say(
                "AIRFLOW_API_URL is '{url}', which is no address. Write it as "
                "http://host:8080, with or without /api/v2.",
                url=server.url,
            )
        )
    session = RestSession(server)
    for adapter in (AirflowV2, AirflowV1):
        version = _version(session, adapter.root)
        if version is not None:
            client = adapter(session, username, password)
            require_supported(version or client.version(), server.url)
            return client
    raise AirflowRefused(
        say(
            "{url} has neither /api/v2 nor /api/v1 of Airflow. Check AIRFLOW_API_URL.",
            url=server.url,
        )
    )


def _version(session: RestSession, root: str) -> str | None:
    """Return the version; empty where only a login tells it, None where there is no such API."""
    try:
        answer = session.call("GET", f"{root}/version")
    except Reply as reply:
        # An Airflow 2 that wants a login even for this is an Airflow 2 all the same.
        wants_login = reply.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
        return "" if wants_login else None
    return str(answer["version"]) if isinstance(answer, dict) and "version" in answer else None
