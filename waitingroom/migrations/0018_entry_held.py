from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("waitingroom", "0017_draw_of_one_room"),
    ]

    operations = [
        migrations.AddField(
            model_name="drawentry",
            name="holder",
            field=models.CharField(db_default="", default="", max_length=64),
        ),
    ]
