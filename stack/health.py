"""Whether a program of the stack is healthy, asked of itself or of those that watch it."""

from __future__ import annotations

from collections.abc import Callable

import requests

from stack.programs import Stack

_AIRFLOW_HEALTH = {2: "/api/v1/health", 3: "/api/v2/monitor/health"}


def health_check(name: str, stack: Stack, token: str | None) -> Callable[[], str | None]:
    """Return a check that gives None when the program is healthy, else what is missing."""
    if name == "airflow-webserver":
        return lambda: _airflow_component(stack, "metadatabase")
    if name == "airflow-api-server":
        return lambda: _airflow_component(stack, "metadatabase") or _airflow_serves_tasks(stack)
    if name.startswith("airflow"):
        component = name.removeprefix("airflow-").replace("-", "_")
        return lambda: _airflow_component(stack, component)
    if name == "web":
        return lambda: _web_answers(stack)
    return lambda: _logidata_component(stack, name, token)


def _airflow_component(stack: Stack, component: str) -> str | None:
    url = f"{stack.airflow_url}{_AIRFLOW_HEALTH[stack.airflow.major]}"
    try:
        health = requests.get(url, timeout=5).json()
    except (requests.RequestException, ValueError) as error:
        return f"no answer from {stack.airflow_url} ({type(error).__name__})"
    status = (health.get(component) or {}).get("status")
    return (
        None
        if status == "healthy"
        else f"Airflow says that its {component} is {status or 'not there'}"
    )


def _airflow_serves_tasks(stack: Stack) -> str | None:
    # Airflow builds the API of its tasks at the first request, for seconds: not the first task's.
    url = f"{stack.airflow_url}/execution/health"
    try:
        answer = requests.get(url, timeout=60)
    except requests.RequestException as error:
        return f"no answer from {url} ({type(error).__name__})"
    return None if answer.ok else f"{url} answers {answer.status_code}"


def _web_answers(stack: Stack) -> str | None:
    try:
        answer = requests.get(f"{stack.web_url}/api/v1/health", timeout=10)
    except requests.RequestException as error:
        return f"no answer from {stack.web_url} ({type(error).__name__})"
    return (
        None if answer.status_code in (200, 503) else f"{answer.url} answers {answer.status_code}"
    )


def _logidata_component(stack: Stack, name: str, token: str | None) -> str | None:
    try:
        answer = requests.get(
            f"{stack.web_url}/api/v1/health",
            headers={"Authorization": f"Bearer {token}"},
            timeout=15,
        )
        component = answer.json()["components"][name]
    except (requests.RequestException, ValueError, KeyError) as error:
        return f"no health report from {stack.web_url} ({type(error).__name__}: {error})"
    return None if component["status"] == "ok" else component.get("detail") or component["status"]
