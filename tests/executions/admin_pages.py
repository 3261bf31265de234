"""Pages of executions in the admin, and somebody who may look at them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from executions.models import PipelineExecution

VIEW = "view_pipelineexecution"
CANCEL = "cancel_pipelineexecution"
LIST = "/admin/executions/pipelineexecution/"


def page(execution: PipelineExecution, name: str = "change", *args: str) -> str:
    return reverse(f"admin:executions_pipelineexecution_{name}", args=[execution.pk, *args])


@pytest.fixture
def viewer(client: Client, user: Any, permit: Callable[..., None]) -> Client:
    permit(VIEW)
    client.force_login(user)
    return client
