"""Where following Airflow has got to."""

from django.db import models


class SyncCursor(models.Model):
    """Where the regular look at Airflow has got to. A single row, with id 1."""

    # Airflow's clock, not ours: it is compared with Airflow's own times only.
    runs_seen_until = models.DateTimeField(null=True, blank=True)
    # When the last hour was looked at again, for runs whose change was missed.
    looked_back_at = models.DateTimeField(null=True, blank=True)
    reached_airflow_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "sync cursor"

    def __str__(self) -> str:
        return f"DAG runs seen until {self.runs_seen_until}"
