"""The edition: a name for all that the public pages tell of, as it is now; whoever changes some of it renews the name.

It lies in the site's cache, so that all processes go by one. While that does not answer, there is no edition: pages are
made directly, and kept by nobody. That is decided here and nowhere else.
"""

import logging
import secrets
import threading
import time

from django.core.cache import cache

log = logging.getLogger(__name__)

KEY = "front:edition"
# So long a process goes by what the cache said last; its own changes count at once.
ASKED_EVERY_SECONDS = 0.25
# A cache that does not answer is left alone for so long: pages must not wait for it one by one.
LEFT_ALONE_SECONDS = 5.0


class Edition:
    """What this process knows of it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: str | None = None
        self._until = 0.0  # monotonic

    def now(self) -> str | None:
        """The edition's name; None while the cache does not answer."""
        if time.monotonic() >= self._until:
            with self._lock:
                if time.monotonic() >= self._until:
                    self._keep(_asked())
        return self._known

    def is_known(self, name: str) -> bool:
        """Whether it is known to be that one still, asking nobody."""
        return self._known == name and self.is_fresh()

    def is_fresh(self) -> bool:
        """Whether `now` would ask nobody."""
        return time.monotonic() < self._until

    def renew(self) -> None:
        """Something changed, and everybody may see it."""
        with self._lock:
            cache.set(KEY, secrets.token_hex(8), None)
            self._keep(cache.get(KEY))  # what is not there was not heard
            if self._known is None:
                log.warning("the cache is away: other processes may show pages that are some seconds old")

    def forget(self) -> None:
        """Ask again at the next chance."""
        self._until = 0.0

    def _keep(self, name: str | None) -> None:
        self._known = name
        self._until = time.monotonic() + (LEFT_ALONE_SECONDS if name is None else ASKED_EVERY_SECONDS)


def _asked() -> str | None:
    name: str | None = cache.get(KEY)
    if name is None:
        cache.add(KEY, secrets.token_hex(8), None)  # the first, or after the cache lost it
        name = cache.get(KEY)
    return name


edition = Edition()
