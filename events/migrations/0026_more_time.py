"""When a time for holding seats was made longer, which happens once."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0025_opening"),
    ]

    operations = [
        migrations.AddField(
            model_name="holdperiod",
            name="extended_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="extended"),
        ),
    ]
