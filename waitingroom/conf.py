"""The site's settings as plain attributes; Django's own lookup costs a microsecond, several times a request."""

from typing import Any

from django.conf import settings
from django.core.signals import setting_changed


class Conf:
    """Remembers what it was asked for; forgets all when a test changes a setting."""

    def __getattr__(self, name: str) -> Any:
        value = getattr(settings, name)
        setattr(self, name, value)
        return value


conf = Conf()
setting_changed.connect(lambda **_: vars(conf).clear(), weak=False)
