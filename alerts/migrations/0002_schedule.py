"""Have beat look after alerts. Edit it or switch it off in the admin, under periodic tasks."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TASKS = (
    (
        "Send alerts",
        "alerts.tasks.look_after",
        5,
        "seconds",
        "Turns ends of executions into alerts where their own message was lost, sends what quiet "
        "hours held back, and repeats what a channel did not take.",
    ),
    (
        "Look for executions that take too long",
        "alerts.tasks.look_at_clocks",
        15,
        "seconds",
        "Alerts about executions that run longer than usual, or than a deadline.",
    ),
    (
        "Look for schedules that were missed",
        "alerts.tasks.look_at_schedules",
        1,
        "minutes",
        "Alerts about pipelines that have not run when they were due.",
    ),
    (
        "Remove old deliveries of alerts",
        "alerts.tasks.remove_old_deliveries",
        1,
        "hours",
        "Removes what is older than LOGIDATA_ALERT_DAYS.",
    ),
)

SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600}


def install(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    intervals = apps.get_model("django_celery_beat", "IntervalSchedule").objects
    tasks = apps.get_model("django_celery_beat", "PeriodicTask").objects
    for name, task, number, period, description in TASKS:
        every, _ = intervals.get_or_create(every=number, period=period)
        tasks.get_or_create(
            name=name,
            defaults={
                "task": task,
                "interval": every,
                # A worker that was down must not work through every look that it missed.
                "expire_seconds": 2 * number * SECONDS[period],
                "description": description,
            },
        )


def remove(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(
        name__in=[name for name, *_ in TASKS]
    ).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0001_initial"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [migrations.RunPython(install, remove)]
