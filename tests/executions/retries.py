"""An execution that failed, to be retried."""

from __future__ import annotations

import pytest

from executions import services
from executions.models import PipelineExecution
from tests.executions.conftest import again, key
from tests.fake_airflow import FakeAirflow, dataset


@pytest.fixture
def failed(running: PipelineExecution, airflow: FakeAirflow) -> PipelineExecution:
    """An execution whose second node has failed."""
    airflow.set_task(*key(running), "read", "success", result=dataset(3))
    airflow.fail(*key(running), "keep", {"message": "no such column"})
    services.sync_active()
    return again(running)
