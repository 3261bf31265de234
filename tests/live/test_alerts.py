"""An execution that fails in the real Airflow is told of, once, by the real worker."""

from __future__ import annotations

import time

import pytest

from tests.alerts.servers import webhook
from tests.live.client import LiveStack, eventually
from tests.live.nodes import ORDERS, chain, csv_node, filter_node, load_node

pytestmark = pytest.mark.every_airflow


def test_a_failure_reaches_a_webhook_exactly_once_and_its_success_is_a_recovery(
    live: LiveStack,
) -> None:
    (live.data / "alerts.csv").write_text(ORDERS)
    with webhook() as hook:
        channel = live.call(
            "POST", "alerts/channels", {"name": "live", "kind": "webhook", "address": hook.url}
        )
        assert live.call("POST", f"alerts/channels/{channel['id']}/test")["status"] == "sent"
        broken = filter_node("amount > CAST('{{ params.least }}' AS DOUBLE)") | {"retries": 1}
        broken["retry_delay"] = 1
        pipeline = live.create(
            *chain(csv_node("alerts.csv"), broken, load_node("live_alerts")),
            default_params={"least": "no number"},
        )
        live.call(
            "POST",
            "alerts/rules",
            {
                "name": "live",
                "events": ["failure", "recovery"],
                "pipelines": [pipeline["id"]],
                "channels": [channel["id"]],
            },
        )
        failed = live.run(pipeline)
        assert failed["status"] == "failed"
        eventually(lambda: len(hook.bodies) == 2, seconds=20)
        good = live.run(pipeline, {"least": "8"})
        assert good["status"] == "success"
        eventually(lambda: len(hook.bodies) == 3, seconds=20)
        # Longer than beat takes to look again.
        time.sleep(6)
        _, failure, recovery = hook.bodies
        assert len(hook.bodies) == 3
    assert (failure["execution"], failure["event"]) == (failed["id"], "failure")
    assert "Node keep_paid" in failure["message"]
    assert failure["link"].startswith(live.env["LOGIDATA_URL"])
    assert (recovery["execution"], recovery["event"]) == (good["id"], "recovery")


def test_without_its_worker_alerts_wait_and_executions_go_on(live: LiveStack) -> None:
    (live.data / "waiting_alerts.csv").write_text(ORDERS)
    pipeline = live.create(
        *chain(csv_node("waiting_alerts.csv"), filter_node("amount > 'x'"), load_node("live_wait"))
    )
    with webhook() as hook:
        channel = live.call(
            "POST", "alerts/channels", {"name": "waiting", "kind": "webhook", "address": hook.url}
        )
        live.call(
            "POST",
            "alerts/rules",
            {
                "name": "waiting",
                "events": ["failure"],
                "pipelines": [pipeline["id"]],
                "channels": [channel["id"]],
            },
        )
        with live.without("alerts"):
            health = live.request("GET", "health")
            assert (health.status_code, health.json()["status"]) == (200, "degraded")
            components = health.json()["components"]
            assert (components["alerts"]["status"], components["worker"]["status"]) == (
                "down",
                "ok",
            )
            test = live.call("POST", f"alerts/channels/{channel['id']}/test")
            assert (test["status"], "No worker" in test["error"]) == ("failed", True)
            assert live.run(pipeline)["status"] == "failed"
            assert hook.bodies == []
        eventually(lambda: len(hook.bodies) == 1, seconds=60)
    assert hook.bodies[0]["event"] == "failure"
