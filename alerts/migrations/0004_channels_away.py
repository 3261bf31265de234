"""A channel that does not answer rests, and what people send by hand goes at any hour."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("alerts", "0003_ends_that_fail")]

    operations = [
        migrations.AddField(
            model_name="alertchannel",
            name="away_until",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="alertchannel",
            name="away_reason",
            field=models.TextField(blank=True, default="", editable=False),
        ),
        migrations.AddField(
            model_name="alertdelivery",
            name="by_hand",
            field=models.BooleanField(default=False, editable=False),
        ),
    ]
