"""What is sold."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class EventsConfig(AppConfig):
    name = "events"
    verbose_name = _("Events and tickets")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hear of sign-ins and changes; make the staff's groups and the triggers once what they need exists."""
        from events.accounts import places
        from events.front import changes
        from events.models import guards
        from events.staff import audit, groups

        changes.connect()
        places.connect()
        audit.connect()
        pre_migrate.connect(guards.lift, sender=self)
        post_migrate.connect(guards.set_up, sender=self)
        post_migrate.connect(groups.make, sender=self)
