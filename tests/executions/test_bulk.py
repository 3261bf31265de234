"""Many rows in one UPDATE."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from executions import services
from executions.bulk import update_rows
from executions.models import PipelineExecution, TaskExecution


def test_every_row_gets_its_own_values_and_others_stay(
    pending: PipelineExecution, django_assert_num_queries: Any
) -> None:
    read, keep, _ = pending.tasks.order_by("position")
    now = timezone.now()
    with django_assert_num_queries(1):
        update_rows(
            TaskExecution,
            {
                read.pk: {"status": "running", "tries": 1, "started_at": now, "error": "it's"},
                keep.pk: {"status": "failed", "tries": 2, "started_at": None, "error": '{"%s"}\\'},
            },
        )
    rows = pending.tasks.order_by("position").values_list("status", "tries", "started_at", "error")
    assert list(rows) == [
        ("running", 1, now, "it's"),
        ("failed", 2, None, '{"%s"}\\'),
        ("pending", 0, None, ""),
    ]


def test_rows_that_set_other_fields_or_json_are_written_as_well(pending: PipelineExecution) -> None:
    read, keep, write = pending.tasks.order_by("position")
    update_rows(
        TaskExecution,
        {
            read.pk: {"status": "success", "output": {"data": [{"a": None}]}, "rows_out": 1},
            keep.pk: {"status": "success", "output": None, "rows_out": None},
            write.pk: {"duration_seconds": 0.5},
        },
    )
    rows = pending.tasks.order_by("position").values_list("output", "rows_out", "duration_seconds")
    assert list(rows) == [({"data": [{"a": None}]}, 1, None), (None, None, None), (None, None, 0.5)]


def test_json_goes_with_the_other_values_of_many_rows(
    pending: PipelineExecution, django_assert_num_queries: Any
) -> None:
    read, keep, write = pending.tasks.order_by("position")
    texts = [{"a": ['"', "it's", "{1,2}", "\\", None, "ü\u2028"]}, None, {"b": {"c": 1.5}}]
    with django_assert_num_queries(1):
        update_rows(
            TaskExecution,
            {
                node.pk: {"output": text, "warnings": [str(place)], "rows_out": place}
                for place, (node, text) in enumerate(zip((read, keep, write), texts, strict=True))
            },
        )
    rows = pending.tasks.order_by("position").values_list("output", "warnings", "rows_out")
    assert list(rows) == [(text, [str(place)], place) for place, text in enumerate(texts)]
    assert pending.tasks.filter(output__isnull=True).count() == 1


def test_rows_with_a_uuid_for_a_key_are_written(make_pipeline: Any) -> None:
    pipeline = make_pipeline()
    ones = [services.start_execution(pipeline) for _ in range(3)]
    ages = {
        one.pk: {"started_at": one.created_at - timedelta(hours=n)} for n, one in enumerate(ones)
    }
    update_rows(PipelineExecution, ages)
    stored = PipelineExecution.objects.in_bulk([one.pk for one in ones])
    assert {pk: {"started_at": one.started_at} for pk, one in stored.items()} == ages


def test_no_rows_cost_nothing(db: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        update_rows(TaskExecution, {})
