"""The independent witness: looks into Redis many times a second, in a thread that busy visitors cannot starve."""

import threading
from collections.abc import Mapping
from operator import itemgetter
from typing import cast

import redis
from redis.cluster import RedisCluster
from redis.exceptions import RedisError

from tiketi.storm.findings import Findings
from tiketi.storm.liveness import Liveness
from tiketi.storm.sample import Sample, take
from waitingroom.keys import keys_of
from waitingroom.redis_address import parsed
from waitingroom.redis_blocking import blocking_client

# Seconds. Every 0.1 s is promised; the interpreter's lock may cost some of it.
BETWEEN_SAMPLES = 0.05
MAX_ASKED = 500  # of the present, those who are so for longest


class Watch:
    """Looks from `start` to `stop`; `findings` grows meanwhile."""

    def __init__(self, url: str, slug: str, present: Mapping[str, float]) -> None:
        self._present = present  # Unix ms of our clock, since when; others fill it
        self._keys = keys_of(slug)
        self._redis = blocking_client(parsed(url))
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="storm-watch", daemon=True)
        self.findings, self.liveness = Findings(), Liveness()
        self._before: Sample | None = None

    def start(self) -> None:
        """Take the first look, and go on in the background; raises RedisError."""
        self._note(take(self._node(), self._keys))
        self._thread.start()

    def stop(self) -> Findings:
        """Take the last look and say what was seen."""
        self._stopped.set()
        self._thread.join()
        self._look()
        try:
            self.findings.in_line = self._line()
        except RedisError:
            self.findings.failures += 1
        self._redis.close()
        return self.findings

    def _line(self) -> dict[str, int]:
        # redis-py's type allows for async
        line = cast("list[tuple[bytes, float]]", self._node().zrange(self._keys.queue, 0, -1, withscores=True))
        return {visitor.decode(): int(number) for visitor, number in line}

    def _node(self) -> redis.Redis:
        """Who has the room now: all of a look is of one instant."""
        cluster: object = self._redis
        if not isinstance(cluster, RedisCluster):
            return self._redis
        return cluster.get_redis_connection(cluster.get_node_from_key(self._keys.queue))  # type: ignore[no-untyped-call]  # redis-py's

    def _run(self) -> None:
        while not self._stopped.wait(BETWEEN_SAMPLES):
            self._look()

    def _look(self) -> None:
        try:
            self._note(take(self._node(), self._keys))
        except RedisError:
            self.findings.failures += 1
            self.liveness.interrupt()

    def _note(self, sample: Sample) -> None:
        before, self._before = self._before, sample
        self.findings.add(sample)
        if before is not None and before.gate_holds and not sample.gate_holds:
            self.findings.opened_at_ms, self.findings.line_at_opening = sample.at_ms, self._line()
        if before is not None:
            self.liveness.add(before, sample, BETWEEN_SAMPLES * 1000, self._waits)

    def _waits(self) -> float | None:
        """See Liveness; raises RedisError."""
        present = sorted(dict(self._present).items(), key=itemgetter(1))[:MAX_ASKED]
        if not present:
            return None
        numbers = cast("list[float | None]", self._node().zmscore(self._keys.queue, [name for name, _ in present]))
        since = [since for (_, since), number in zip(present, numbers, strict=True) if number is not None]
        return since[0] + self.findings.clock_ahead_ms if since else None
