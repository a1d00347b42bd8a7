"""What is sold."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class EventsConfig(AppConfig):
    name = "events"
    verbose_name = _("Events and tickets")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Know keys in addresses, hear of sign-ins and changes; make groups and triggers once what they need exists."""
        from events import keys
        from events.accounts import places
        from events.front import changes
        from events.models import guards
        from events.staff import audit, groups

        keys.register()
        changes.connect()
        places.connect()
        audit.connect()
        pre_migrate.connect(guards.lift, sender=self)
        post_migrate.connect(guards.set_up, sender=self)
        post_migrate.connect(groups.make, sender=self)
