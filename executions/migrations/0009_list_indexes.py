"""Index what the lists of executions walk.

Concurrently, so that executions go on meanwhile. What an interrupted run left half done is removed
first, so that it can be run again.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

INDEXES = (
    models.Index(
        fields=["status", "trigger_type", "-created_at", "-id"], name="execution_by_status"
    ),
    models.Index(
        fields=["pipeline", "status", "trigger_type", "-created_at", "-id"],
        name="execution_by_pipeline",
    ),
    models.Index(
        fields=["pipeline_name", "status", "trigger_type", "-created_at", "-id"],
        name="execution_by_name",
    ),
    models.Index(fields=["airflow_dag_run_id"], name="execution_by_run"),
)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("executions", "0008_log_schedule"),
    ]

    operations = [
        *(
            operation
            for index in INDEXES
            for operation in (
                migrations.RunSQL(
                    f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}", migrations.RunSQL.noop
                ),
                AddIndexConcurrently("pipelineexecution", index),
            )
        ),
        # The first one above takes its place.
        RemoveIndexConcurrently("pipelineexecution", "execution_status"),
    ]
