"""A cache that accepts and says nothing: who asks again a moment later does not wait for it again."""

import time

import pytest
from redis.exceptions import ConnectionError, TimeoutError  # noqa: A004 (redis-py's names)

from tests.silence import mute_server
from tiketi import cache_connections
from tiketi.cache_connections import ANSWER_SECONDS, LEFT_ALONE_SECONDS, CacheConnections


def test_f04_a_cache_that_let_one_wait_is_left_alone_for_a_second_and_then_asked_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cache_connections, "ANSWER_SECONDS", ANSWER_SECONDS)  # the site's own
    with mute_server() as port:
        factory = CacheConnections({})
        url = f"redis://127.0.0.1:{port}/0"
        with pytest.raises(TimeoutError):
            factory.connect(url).get("a")
        asked_at = time.monotonic()

        while time.monotonic() < asked_at + LEFT_ALONE_SECONDS - 0.1:
            began = time.monotonic()
            with pytest.raises(ConnectionError):
                factory.connect(url).get("a")
            assert time.monotonic() - began < ANSWER_SECONDS
            time.sleep(0.1)
        time.sleep(0.2)
        with pytest.raises(TimeoutError):
            factory.connect(url).get("a")
