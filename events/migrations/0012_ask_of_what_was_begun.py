"""Payments begun before the site knew how to ask are asked about as well."""

from django.db import migrations
from django.utils import timezone


def ask(apps, schema_editor):
    apps.get_model("events", "Payment").objects.filter(state="started", ask_at=None).update(ask_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("events", "0011_providers")]

    operations = [migrations.RunPython(ask, migrations.RunPython.noop)]
