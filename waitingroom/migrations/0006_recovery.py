import django.core.validators
from django.db import migrations, models

import waitingroom.epochs

RECOVERY = models.PositiveIntegerField(
    default=45,
    help_text="After Redis lost the line nobody is let in for so long: those who wait or are inside come back to their places by themselves.",
    validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(600)],
    verbose_name="recovery, seconds",
)


class Migration(migrations.Migration):
    dependencies = [("waitingroom", "0005_fleet_share")]

    operations = [
        migrations.AddField("historicalwaitingroom", "recovery_seconds", RECOVERY.clone()),
        migrations.AddField("waitingroom", "recovery_seconds", RECOVERY.clone()),
        # The rooms there are have an epoch in Redis already: empty stands for that one.
        migrations.AddField(
            "waitingroom", "epoch", models.CharField(blank=True, default="", editable=False, max_length=20)
        ),
        migrations.AlterField(
            "waitingroom",
            "epoch",
            models.CharField(blank=True, default=waitingroom.epochs.new_epoch, editable=False, max_length=20),
        ),
        migrations.AddField("waitingroom", "epoch_begun", models.BooleanField(default=False, editable=False)),
        migrations.AddField(
            "waitingroom", "lost_epochs", models.CharField(blank=True, default="", editable=False, max_length=200)
        ),
    ]
