import django.core.validators
from django.db import migrations, models

# The least that the page's own questions keep, as timing.py has it at this migration.
LEAST = 20

PRESENCE = models.PositiveIntegerField(
    default=30,
    help_text="How long a waiting visitor counts as present after the last sign of life.",
    validators=[django.core.validators.MinValueValidator(LEAST), django.core.validators.MaxValueValidator(600)],
    verbose_name="presence, seconds",
)


def raise_to_the_least(apps, schema_editor):
    rooms = apps.get_model("waitingroom", "WaitingRoom").objects.using(schema_editor.connection.alias)
    rooms.filter(presence_seconds__lt=LEAST).update(presence_seconds=LEAST)


class Migration(migrations.Migration):
    dependencies = [("waitingroom", "0006_recovery")]

    operations = [
        migrations.RunPython(raise_to_the_least, migrations.RunPython.noop),
        migrations.AlterField("historicalwaitingroom", "presence_seconds", PRESENCE.clone()),
        migrations.AlterField("waitingroom", "presence_seconds", PRESENCE.clone()),
    ]
