"""How many instances, and at what cost."""

from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Warning, register  # noqa: A004  (Django's word)
from django.utils.translation import gettext_lazy as _

from scaling.in_force import deployed


class ScalingConfig(AppConfig):
    name = "scaling"
    verbose_name = _("Scaling")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let every command name settings that will disappoint."""
        register(disappointments)


def disappointments(**_: Any) -> list[CheckMessage]:
    """Settings that may be meant, and do not do what they seem to promise."""
    c = deployed()
    if not c.out_of_reach:
        return []
    text = f"SCALING_TARGET_WAIT_S, {c.target_wait_s:g}, is out of any order's reach: a boot takes {c.boot_s:g} s."
    return [Warning(text, hint="Prewarm every sale, or aim higher than SCALING_BOOT_S.", id="scaling.W001")]
