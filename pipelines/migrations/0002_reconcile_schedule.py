"""Have beat reconcile deployments once a minute; editable in the admin afterwards."""

from django.db import migrations

NAME = "Reconcile deployments"


def install(apps, schema_editor):
    interval, _ = apps.get_model("django_celery_beat", "IntervalSchedule").objects.get_or_create(
        every=60, period="seconds"
    )
    apps.get_model("django_celery_beat", "PeriodicTask").objects.get_or_create(
        name=NAME,
        defaults={
            "task": "pipelines.tasks.reconcile_deployments",
            "interval": interval,
            # A run that waited longer than this is superseded by the next one.
            "expire_seconds": 60,
            "description": "Deploys again what is stuck, changed or lost, and removes orphans.",
        },
    )


def remove(apps, schema_editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("pipelines", "0001_initial"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(install, remove)]
