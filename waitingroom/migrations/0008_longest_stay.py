import django.core.validators
from django.db import migrations, models


def longest_stay(default):
    return models.PositiveIntegerField(
        default=default,
        help_text="After so long inside the place goes to the next, whatever its visitor does; only seats that are kept for them by then may still be paid for. 0: no end.",
        validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(86400)],
        verbose_name="longest stay, seconds",
    )


class Migration(migrations.Migration):
    dependencies = [("waitingroom", "0007_least_presence")]

    operations = [
        # The rooms there are keep what they promised: no end.
        migrations.AddField("historicalwaitingroom", "longest_stay_seconds", longest_stay(0)),
        migrations.AddField("waitingroom", "longest_stay_seconds", longest_stay(0)),
        migrations.AlterField("historicalwaitingroom", "longest_stay_seconds", longest_stay(3600)),
        migrations.AlterField("waitingroom", "longest_stay_seconds", longest_stay(3600)),
    ]
