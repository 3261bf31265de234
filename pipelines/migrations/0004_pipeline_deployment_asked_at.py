from typing import Any

from django.db import migrations, models
from django.db.models import F


def take_the_start(apps: Any, schema_editor: Any) -> None:
    """Say of deployments from before that they were asked for when their deadline began."""
    apps.get_model("pipelines", "Pipeline").objects.update(
        deployment_asked_at=F("deployment_started_at")
    )


class Migration(migrations.Migration):
    dependencies = [
        ("pipelines", "0003_set_watermark_permission"),
    ]

    operations = [
        migrations.AddField(
            model_name="pipeline",
            name="deployment_asked_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RunPython(take_the_start, migrations.RunPython.noop),
    ]
