"""The independent witness: looks into Redis many times a second, in a thread that busy visitors cannot starve."""

import threading
from typing import cast

import redis
from redis.cluster import RedisCluster
from redis.exceptions import RedisError

from tiketi.storm.findings import Findings
from tiketi.storm.sample import take
from waitingroom.keys import keys_of
from waitingroom.redis_address import parsed
from waitingroom.redis_blocking import blocking_client

# Seconds. Every 0.1 s is promised; the interpreter's lock may cost some of it.
BETWEEN_SAMPLES = 0.05


class Watch:
    """Looks from `start` to `stop`; `findings` grows meanwhile."""

    def __init__(self, url: str, slug: str) -> None:
        self._keys = keys_of(slug)
        self._redis = blocking_client(parsed(url))
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="storm-watch", daemon=True)
        self.findings = Findings()

    def start(self) -> None:
        """Take the first look, and go on in the background; raises RedisError."""
        self.findings.add(take(self._node(), self._keys))
        self._thread.start()

    def stop(self) -> Findings:
        """Take the last look and say what was seen."""
        self._stopped.set()
        self._thread.join()
        self._look()
        try:
            line = cast("list[bytes]", self._node().zrange(self._keys.queue, 0, -1))  # redis-py's type allows for async
            self.findings.in_line = frozenset(visitor.decode() for visitor in line)
        except RedisError:
            self.findings.failures += 1
        self._redis.close()
        return self.findings

    def _node(self) -> redis.Redis:
        """Who has the room now: all of a look is of one instant."""
        cluster: object = self._redis
        if not isinstance(cluster, RedisCluster):
            return self._redis
        return cluster.get_redis_connection(cluster.get_node_from_key(self._keys.queue))  # type: ignore[no-untyped-call]

    def _run(self) -> None:
        while not self._stopped.wait(BETWEEN_SAMPLES):
            self._look()

    def _look(self) -> None:
        try:
            self.findings.add(take(self._node(), self._keys))
        except RedisError:
            self.findings.failures += 1
