"""An end of which nobody can be told has further turns, and makes room for the others."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("alerts", "0002_schedule")]

    operations = [
        migrations.AddField(
            model_name="endedexecution",
            name="due_at",
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name="endedexecution",
            name="failures",
            field=models.PositiveIntegerField(default=0),
        ),
    ]
