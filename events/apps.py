"""What is sold."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class EventsConfig(AppConfig):
    name = "events"
    verbose_name = _("Events and tickets")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hear of sign-ins and sign-outs, and make the staff's groups once their permissions exist."""
        from events import accounts, groups

        accounts.connect()
        post_migrate.connect(groups.make, sender=self)
