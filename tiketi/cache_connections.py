"""Django's cache by the site's own connections to Redis: django-redis knows neither their address nor a failover."""

import time
from typing import Any

from django_redis.pool import ConnectionFactory
from redis import Redis
from redis.exceptions import ConnectionError, TimeoutError  # noqa: A004 (redis-py's names)

from waitingroom.redis_address import parsed
from waitingroom.redis_blocking import blocking_client

# A page asks the cache several times, and can do without.
ANSWER_SECONDS = 0.3
# One that let a page wait is left alone so long: a sign-up asks ten times, and others wait behind it.
LEFT_ALONE_SECONDS = 1.0


class Sparing(Redis):
    """Asks nothing of a cache that did not answer a moment ago. Raises ConnectionError, as where it is away."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """As redis-py's."""
        pool: Any = self.connection_pool  # one for the process
        if time.monotonic() < getattr(pool, "left_alone_until", 0.0):
            raise ConnectionError("the cache did not answer a moment ago")
        try:
            return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]  # redis-py's
        except TimeoutError:
            pool.left_alone_until = time.monotonic() + LEFT_ALONE_SECONDS
            raise


class CacheConnections(ConnectionFactory):  # type: ignore[misc]  # django-redis's types are an Any here
    """One pool for the process, by the address."""

    def connect(self, url: str) -> Redis:
        """A client of that pool."""
        if url not in self._pools:
            self._pools[url] = blocking_client(parsed(url), ANSWER_SECONDS, ANSWER_SECONDS).connection_pool
        return Sparing(connection_pool=self._pools[url])
