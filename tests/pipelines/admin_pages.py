"""How a test names a page of the admin, and reads it."""

from __future__ import annotations

from django.http import HttpResponse

from pipelines.models import Pipeline

LIST = "/admin/pipelines/pipeline/"


def page(pipeline: Pipeline, name: str = "change") -> str:
    return f"{LIST}{pipeline.pk}/{name}/"


def text(answer: HttpResponse) -> str:
    return answer.content.decode()
