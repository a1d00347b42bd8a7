"""The assembly: it has commands, and the outbox."""

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.utils.translation import gettext_lazy as _

from tiketi import production


class TiketiConfig(AppConfig):
    name = "tiketi"
    verbose_name = _("TIKETI")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let `check --deploy` know what a site for visitors needs. Raises Misconfigured without its providers."""
        checks.register(production.check, checks.Tags.security, deploy=True)
        production.load_providers(settings)
