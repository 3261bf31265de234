"""Have beat copy logs out of Airflow, and remove what is kept no longer.

Edit them or switch them off in the admin, under periodic tasks.
"""

from datetime import timedelta

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F
from django.utils import timezone

COPY = "Copy logs of ended nodes"
REMOVE = "Remove old logs, executions and revisions"
# Logs of long ago stay where they are: Airflow is not asked for all of its history.
RECENT = timedelta(days=1)


def install(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    nodes = apps.get_model("executions", "TaskExecution").objects
    nodes.filter(completed_at__lt=timezone.now() - RECENT).update(logs_kept=F("tries"))
    intervals = apps.get_model("django_celery_beat", "IntervalSchedule").objects
    tasks = apps.get_model("django_celery_beat", "PeriodicTask").objects
    hourly, _ = intervals.get_or_create(every=1, period="hours")
    tasks.get_or_create(
        name=REMOVE,
        defaults={
            "task": "executions.tasks.remove_unkept",
            "interval": hourly,
            "expire_seconds": 3600,
            "description": "Removes what is older than LOGIDATA_LOG_DAYS, LOGIDATA_EXECUTION_DAYS, "
            "LOGIDATA_REVISION_DAYS and LOGIDATA_DRAFT_DAYS say. `manage.py retention` shows it "
            "before.",
        },
    )
    every, _ = intervals.get_or_create(every=10, period="seconds")
    tasks.get_or_create(
        name=COPY,
        defaults={
            "task": "executions.tasks.copy_logs",
            "interval": every,
            "expire_seconds": 10,
            "description": "Keeps the logs of nodes that have ended, so that they can be read "
            "when Airflow's worker, or the run, is gone.",
        },
    )


def remove(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(
        name__in=[COPY, REMOVE]
    ).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("executions", "0007_kept_logs"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [migrations.RunPython(install, remove)]
