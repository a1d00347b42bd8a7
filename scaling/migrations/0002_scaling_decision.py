from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("scaling", "0001_initial")]

    operations = [migrations.RenameModel(old_name="Decision", new_name="ScalingDecision")]
