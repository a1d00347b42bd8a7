import django.core.validators
from django.db import migrations, models

# The least in which a page hears of the turn and comes in, as timing.py has it at this migration.
LEAST = 15

CLAIM = models.PositiveIntegerField(
    default=60,
    help_text="How long an admitted visitor has to show up before the place goes to the next.",
    validators=[django.core.validators.MinValueValidator(LEAST), django.core.validators.MaxValueValidator(3600)],
    verbose_name="claim, seconds",
)


def raise_to_the_least(apps, schema_editor):
    rooms = apps.get_model("waitingroom", "WaitingRoom").objects.using(schema_editor.connection.alias)
    # What may not be shorter than it goes along: the idle period, and the longest stay unless it has no end.
    rooms.filter(longest_stay_seconds__range=(1, LEAST - 1)).update(longest_stay_seconds=LEAST)
    rooms.filter(idle_seconds__lt=LEAST).update(idle_seconds=LEAST)
    rooms.filter(claim_seconds__lt=LEAST).update(claim_seconds=LEAST, changes=models.F("changes") + 1)


class Migration(migrations.Migration):
    dependencies = [("waitingroom", "0020_line_record")]

    operations = [
        migrations.RunPython(raise_to_the_least, migrations.RunPython.noop),
        migrations.AlterField("historicalwaitingroom", "claim_seconds", CLAIM.clone()),
        migrations.AlterField("waitingroom", "claim_seconds", CLAIM.clone()),
    ]
