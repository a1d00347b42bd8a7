"""The site's settings as plain attributes; Django's own lookup costs a microsecond, several times a request."""

from typing import Any

from django.conf import settings
from django.core.signals import setting_changed

# What a site need not set.
DEFAULTS = {
    "WAITINGROOM_WATCHED": (),
    "WAITINGROOM_SHOWN": (),
    "WAITINGROOM_ROOM_RULE": "",
    "WAITINGROOM_TICKETS_LEFT": "",
    "WAITINGROOM_DRAW_KEY": "",
    "WAITINGROOM_DRAW_ORIGIN": "localhost",
    "WAITINGROOM_DRAND_RELAYS": (),
    "WAITINGROOM_PUSH_KEY": "",
    "WAITINGROOM_PUSH_CONTACT": "",
    "WAITINGROOM_PUSH_SERVICES": (),
    "WAITINGROOM_OTHER_LANGUAGE": "",
    "WAITINGROOM_TRUSTED_PROXIES": (),
    "WAITINGROOM_NEW_NAMES_PER_NETWORK": 0,
    "WAITINGROOM_NEW_NAMES_PER_PROCESS": 0,
}


class Conf:
    """Remembers what it was asked for; forgets all when a test changes a setting."""

    def __getattr__(self, name: str) -> Any:
        value = getattr(settings, name, DEFAULTS[name]) if name in DEFAULTS else getattr(settings, name)
        setattr(self, name, value)
        return value


conf = Conf()
setting_changed.connect(lambda **_: vars(conf).clear(), weak=False)
