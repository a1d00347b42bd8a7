"""Celery's way to a Redis that may stop to be the primary: what it refuses then is a lost connection to kombu."""

from typing import Any

from kombu.transport import redis as kombu_redis
from redis.connection import Connection, SSLConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from waitingroom.redis_refusals import may_be_done_elsewhere


class _Leaving(Connection):
    """Hangs up on a server that can do nothing for what it is; kombu then connects anew, as after any lost connection.

    With Sentinels, redis-py's own connections do so.
    """

    def read_response(self, *args: Any, **options: Any) -> Any:
        """As redis-py's."""
        try:
            return super().read_response(*args, **options)  # type: ignore[no-untyped-call]  # redis-py's
        except ResponseError as error:
            if not may_be_done_elsewhere(error):
                raise
            self.disconnect()  # type: ignore[no-untyped-call]  # redis-py's
            raise RedisConnectionError(str(error)) from error


class _Secured(_Leaving, SSLConnection): ...


class Channel(kombu_redis.Channel):
    """kombu's, with such connections."""

    connection_class = _Leaving
    connection_class_ssl = _Secured


class Transport(kombu_redis.Transport):
    """kombu's, with such channels."""

    Channel = Channel
