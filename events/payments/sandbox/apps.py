"""The practice provider as an app of its own: a site that takes money does not have it installed."""

from celery import current_app
from django.apps import AppConfig


class SandboxConfig(AppConfig):
    name = "events.payments.sandbox"
    label = "sandbox"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have late callbacks sent: the schedule of a site without the sandbox does not know them."""
        schedule = current_app.conf.beat_schedule
        schedule["call-back"] = schedule["settle"] | {"task": "events.payments.sandbox.tasks.call_back"}
