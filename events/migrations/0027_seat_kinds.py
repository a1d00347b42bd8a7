"""Wheelchair spaces and companion seats."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0026_more_time"),
    ]

    operations = [
        migrations.AddField(
            model_name="seat",
            name="kind",
            field=models.CharField(
                blank=True,
                choices=[("", "ordinary"), ("wheelchair", "wheelchair space"), ("companion", "companion seat")],
                db_default="",
                default="",
                max_length=12,
                verbose_name="kind",
            ),
        ),
    ]
