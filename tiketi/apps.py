"""The assembly: it has commands, and the outbox."""

import logging
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.db import connections
from django.db.models.signals import pre_migrate
from django.utils.translation import gettext_lazy as _

from tiketi import production
from tiketi.postgresql import lift_limits


class TiketiConfig(AppConfig):
    name = "tiketi"
    verbose_name = _("TIKETI")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let `check --deploy` know what a site needs, and migrations take their time. Raises Misconfigured."""
        logging.captureWarnings(capture=True)  # Python's own are lines of the log as well
        checks.register(production.check, checks.Tags.security, deploy=True)
        production.load_providers(settings)
        pre_migrate.connect(take_time, sender=self)
        if settings.TRACES:
            from tiketi import traces  # who sends none starts without OpenTelemetry's libraries

            traces.start(settings.TRACES)


def take_time(*, using: str, **_: Any) -> None:
    """Let what comes next on this process's connection take the time that it takes."""
    lift_limits(connections[using])
