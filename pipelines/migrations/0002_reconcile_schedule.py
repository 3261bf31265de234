"""Have beat look after deployments. Edit or switch it off in the admin, under periodic tasks."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

SCHEDULES = (
    (
        "Resume deployments",
        "pipelines.tasks.resume_deployments",
        5,
        "Goes on with deployments that waited for Airflow or whose message was lost.",
    ),
    (
        "Reconcile deployments",
        "pipelines.tasks.reconcile_deployments",
        60,
        "Deploys again what was changed, lost or broken, finishes removals, and names in the log "
        "the DAG files that have no pipeline.",
    ),
)


def install(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    intervals = apps.get_model("django_celery_beat", "IntervalSchedule").objects
    for name, task, seconds, description in SCHEDULES:
        every, _ = intervals.get_or_create(every=seconds, period="seconds")
        apps.get_model("django_celery_beat", "PeriodicTask").objects.get_or_create(
            name=name,
            defaults={
                "task": task,
                "interval": every,
                # A worker that was down must not work through every look that it missed.
                "expire_seconds": 2 * seconds,
                "description": description,
            },
        )


def remove(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    names = [name for name, *_ in SCHEDULES]
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name__in=names).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("pipelines", "0001_initial"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [migrations.RunPython(install, remove)]
