"""The assembly: it has commands, and the outbox."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TiketiConfig(AppConfig):
    name = "tiketi"
    verbose_name = _("TIKETI")
    default_auto_field = "django.db.models.BigAutoField"
