from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("waitingroom", "0018_entry_held"),
    ]

    operations = [
        migrations.AddField(
            model_name="waitingroom",
            name="changes",
            field=models.PositiveBigIntegerField(db_default=0, default=0, editable=False),
        ),
    ]
