"""Django's cache by the site's own connections to Redis: django-redis knows neither their address nor a failover."""

from django_redis.pool import ConnectionFactory
from redis import Redis

from waitingroom.redis_address import parsed
from waitingroom.redis_blocking import blocking_client

# A page asks the cache several times, and can do without.
ANSWER_SECONDS = 0.3


class CacheConnections(ConnectionFactory):  # type: ignore[misc]  # django-redis's types are an Any here
    """One pool for the process, by the address."""

    def connect(self, url: str) -> Redis:
        """A client of that pool."""
        if url not in self._pools:
            self._pools[url] = blocking_client(parsed(url), ANSWER_SECONDS, ANSWER_SECONDS).connection_pool
        return Redis(connection_pool=self._pools[url])
