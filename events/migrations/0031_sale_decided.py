from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0030_series"),
    ]

    operations = [
        migrations.AddField(
            model_name="event",
            name="sale_decided",
            field=models.BooleanField(db_default=True, default=True, editable=False, verbose_name="sale decided"),
        ),
        migrations.AddField(
            model_name="historicalevent",
            name="sale_decided",
            field=models.BooleanField(db_default=True, default=True, editable=False, verbose_name="sale decided"),
        ),
    ]
