"""Ends of executions become alerts, each once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from alerts import services
from alerts.events import AlertEvent
from alerts.models import AlertDelivery, AlertRule, EndedExecution
from executions.transitions import begin_attempt
from pipelines.models import Pipeline
from tests.alerts.conftest import deliveries, end, ended_before, execution_of, work
from tests.alerts.servers import Webhook
from tests.executions.conftest import Queue, again

pytestmark = pytest.mark.usefixtures("commits")

Rule = Callable[..., AlertRule]


def test_a_failure_reaches_the_webhook_once_with_node_and_error(
    rule: Rule, orders: Pipeline, hook: Webhook, queue: Queue, settings
) -> None:
    settings.LOGIDATA_PUBLIC_URL = "https://data.example.org"
    rule(AlertEvent.FAILURE, name="all failures")
    execution = execution_of(orders)
    end(execution, error="relation 'orders' does not exist")
    work(queue)
    services.look_at_ends()
    (body,) = hook.bodies
    assert body["title"] == "orders failed"
    assert body["type"] == "failure"
    assert "Node load:\nrelation 'orders' does not exist" in body["message"]
    assert "Rule: all failures" in body["message"]
    page = f"https://data.example.org/admin/executions/pipelineexecution/{execution.pk}/change/"
    assert body["link"] == page
    assert body["message"].endswith(page)
    assert body["execution"] == str(execution.pk)
    assert hook.headers[0]["X-LogiData-Delivery"] == body["delivery"]
    assert deliveries() == [("failure", "sent")]
    assert not EndedExecution.objects.exists()


def test_a_success_after_a_failure_is_a_recovery_and_the_next_one_is_not(
    rule: Rule, orders: Pipeline, hook: Webhook, queue: Queue
) -> None:
    rule(AlertEvent.FAILURE, AlertEvent.RECOVERY)
    for status in ("success", "failed", "success", "success", "cancelled"):
        end(execution_of(orders), status)
    work(queue)
    assert hook.titles == ["orders failed", "orders succeeds again"]
    assert [body["type"] for body in hook.bodies] == ["failure", "success"]


def test_a_recovery_counts_from_what_ended_last_not_from_what_began_last(
    rule: Rule, orders: Pipeline, hook: Webhook, queue: Queue
) -> None:
    rule(AlertEvent.RECOVERY)
    long, short = execution_of(orders), execution_of(orders)
    end(short, "success")
    end(long, "failed")
    end(execution_of(orders), "success")
    work(queue)
    assert hook.titles == ["orders succeeds again"]


def test_another_pipelines_failure_makes_no_recovery(
    rule: Rule, orders: Pipeline, queue: Queue
) -> None:
    rule(AlertEvent.RECOVERY)
    end(execution_of(Pipeline.objects.create(name="other")), "failed")
    end(execution_of(orders), "success")
    work(queue)
    assert deliveries() == []


def test_each_attempt_that_fails_is_told_of_and_its_success_is_a_recovery(
    rule: Rule, orders: Pipeline, hook: Webhook, queue: Queue
) -> None:
    rule(AlertEvent.FAILURE, AlertEvent.RECOVERY)
    execution = execution_of(orders)
    for status in ("failed", "failed", "success"):
        end(execution, status, error="no" if status == "failed" else "")
        work(queue)
        begin_attempt(again(execution), reason="again", nodes=["load"])
    assert hook.titles == ["orders failed", "orders failed", "orders succeeds again"]
    assert "failed (attempt 2)" in hook.bodies[1]["message"]


def test_an_attempt_that_was_cancelled_does_not_hide_the_failure_before_it(
    rule: Rule, orders: Pipeline, hook: Webhook, queue: Queue
) -> None:
    rule(AlertEvent.RECOVERY)
    execution = execution_of(orders)
    for status in ("failed", "cancelled", "success"):
        end(execution, status)
        work(queue)
        begin_attempt(again(execution), reason="again", nodes=["load"])
    assert hook.titles == ["orders succeeds again"]


def test_a_retry_that_begins_at_once_does_not_hide_the_failure_before_it(
    rule: Rule, orders: Pipeline, hook: Webhook, queue: Queue
) -> None:
    rule(AlertEvent.FAILURE)
    execution = execution_of(orders)
    end(execution, error="disk full")
    begin_attempt(again(execution), reason="again", nodes=["load"])
    work(queue)
    assert hook.titles == ["orders failed"]
    assert "disk full" in hook.bodies[0]["message"]


def test_a_retry_that_begins_at_once_does_not_hide_the_rejected_rows_before_it(
    rule: Rule, orders: Pipeline, hook: Webhook, queue: Queue
) -> None:
    rule(AlertEvent.QUARANTINE)
    execution = execution_of(orders)
    end(execution, "success", rows_rejected=3)
    begin_attempt(again(execution), reason="again", nodes=["load"])
    work(queue)
    (body,) = hook.bodies
    assert "3" in body["title"]
    assert deliveries() == [("quarantine", "sent")]


def test_nodes_that_are_tried_again_are_not_told_of(
    rule: Rule, orders: Pipeline, queue: Queue
) -> None:
    rule(AlertEvent.FAILURE)
    execution = execution_of(orders)
    execution.tasks.update(status="failed", tries=1)
    execution.tasks.update(status="running", tries=2)
    services.look_at_ends()
    assert (deliveries(), queue.messages) == ([], [])


def test_rows_set_aside_in_a_success_are_told_of_in_a_failure_not(
    rule: Rule, orders: Pipeline, hook: Webhook, queue: Queue
) -> None:
    rule(AlertEvent.QUARANTINE)
    end(execution_of(orders, rows_rejected=2), "success")
    end(execution_of(orders, rows_rejected=2), "failed")
    end(execution_of(orders), "success")
    work(queue)
    assert hook.titles == ["orders succeeded, with 2 rejected rows"]


def test_without_an_active_rule_nothing_is_noted(
    rule: Rule, orders: Pipeline, queue: Queue
) -> None:
    rule(AlertEvent.FAILURE, is_active=False)
    end(execution_of(orders))
    assert not EndedExecution.objects.exists()
    assert queue.messages == []


def test_a_thousand_ends_queue_one_look(rule: Rule, orders: Pipeline, queue: Queue) -> None:
    rule(AlertEvent.FAILURE)
    for _ in range(5):
        end(execution_of(orders))
    assert queue.names() == ["look_at_ends"]
    services.look_begins()
    end(execution_of(orders))
    assert queue.names() == ["look_at_ends", "look_at_ends"]


def test_many_failures_at_once_come_as_one_message(
    rule: Rule, orders: Pipeline, hook: Webhook, queue: Queue
) -> None:
    rule(AlertEvent.FAILURE, name="all")
    for _ in range(25):
        end(execution_of(orders))
    work(queue)
    assert hook.titles == ["25 alerts: all"]
    assert hook.bodies[0]["message"].count("orders failed") == 20
    assert "and 5 more" in hook.bodies[0]["message"]
    assert deliveries() == [("failure", "sent")] * 25


def test_what_failed_before_the_rule_was_made_is_not_told_of(rule: Rule, orders: Pipeline) -> None:
    ended_before(orders, "failed")
    rule(AlertEvent.FAILURE)
    services.look_at_ends()
    assert not AlertDelivery.objects.exists()


def test_secrets_in_an_error_are_not_sent(
    rule: Rule, orders: Pipeline, hook: Webhook, queue: Queue
) -> None:
    rule(AlertEvent.FAILURE)
    end(execution_of(orders), error="cannot reach postgresql://etl:hunter22@db/x?password=hunter23")
    work(queue)
    assert "hunter2" not in str(hook.bodies)
    assert "hunter2" not in str(AlertDelivery.objects.values())
    assert "cannot reach" in hook.bodies[0]["message"]
