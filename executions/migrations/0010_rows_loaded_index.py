"""Index what the dashboard sums up: the rows that loaders have written lately.

Concurrently, so that executions go on meanwhile. What an interrupted run left half done is removed
first, so that it can be run again.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

INDEX = models.Index(
    fields=["completed_at"],
    include=["rows_out", "status"],
    condition=models.Q(module__startswith="load.", rows_out__isnull=False),
    name="node_rows_loaded",
)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("executions", "0009_list_indexes"),
    ]

    operations = [
        migrations.RunSQL(
            f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX.name}", migrations.RunSQL.noop
        ),
        AddIndexConcurrently("taskexecution", INDEX),
    ]
