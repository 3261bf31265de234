"""Have beat run the regular sync. Edit or switch it off in the admin, under periodic tasks."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

NAME = "Sync executions with Airflow"
SECONDS = 5


def install(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    interval = apps.get_model("django_celery_beat", "IntervalSchedule")
    every, _ = interval.objects.get_or_create(every=SECONDS, period="seconds")
    apps.get_model("django_celery_beat", "PeriodicTask").objects.get_or_create(
        name=NAME,
        defaults={
            "task": "executions.tasks.sync_executions",
            "interval": every,
            # A worker that was down must not work through every look that it missed.
            "expire_seconds": 2 * SECONDS,
            "description": "Follows active executions, adopts runs that Airflow started, and "
            "queues again what was lost.",
        },
    )


def remove(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("executions", "0001_initial"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [migrations.RunPython(install, remove)]
