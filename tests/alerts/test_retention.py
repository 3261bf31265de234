"""The log of deliveries is kept for a number of days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from alerts import services, tasks
from alerts.events import AlertEvent
from alerts.models import AlertDelivery, AlertRule
from pipelines.models import Pipeline
from tests.alerts.conftest import end, execution_of
from tests.executions.conftest import Queue


@pytest.mark.usefixtures("commits")
def test_old_deliveries_are_removed_but_not_those_that_wait(
    rule: Callable[..., AlertRule], orders: Pipeline, queue: Queue, settings: Any
) -> None:
    settings.LOGIDATA_ALERT_DAYS = timedelta(days=30)
    rule(AlertEvent.FAILURE)
    for _ in range(4):
        end(execution_of(orders))
    services.look_at_ends()
    sent, failed, queued, new = AlertDelivery.objects.order_by("pk")
    AlertDelivery.objects.filter(pk__in=[sent.pk, new.pk]).update(status="sent")
    AlertDelivery.objects.filter(pk=failed.pk).update(status="failed")
    old = timezone.now() - timedelta(days=31)
    AlertDelivery.objects.exclude(pk=new.pk).update(created_at=old)
    tasks.remove_old_deliveries()
    assert set(AlertDelivery.objects.values_list("pk", flat=True)) == {queued.pk, new.pk}


@pytest.mark.django_db
def test_beat_runs_every_task_of_alerts_that_nobody_else_queues() -> None:
    scheduled = PeriodicTask.objects.filter(task__startswith="alerts.", enabled=True)
    assert set(scheduled.values_list("task", flat=True)) == {
        tasks.look_after.name,
        tasks.look_at_clocks.name,
        tasks.look_at_schedules.name,
        tasks.remove_old_deliveries.name,
    }
