"""How many instances, and at what cost."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ScalingConfig(AppConfig):
    name = "scaling"
    verbose_name = _("Scaling")
    default_auto_field = "django.db.models.BigAutoField"
