"""An Airflow in memory that keeps the promises of `airflow_bridge.client.AirflowClient`.

Runs stand still until a test moves them. `tests/airflow_contract.py` holds it to the same cases
as the real one.
"""

from tests.fake_airflow.client import FakeAirflow
from tests.fake_airflow.levers import dataset

__all__ = ["FakeAirflow", "dataset"]
