"""One event loop's way to a Cluster: a pipeline for each node, and each call to the node that has its room."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, cast

import hiredis
from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import AskError, MovedError, RedisError

from waitingroom.blocking import BlockingThread
from waitingroom.errors import LineUnavailable, NotAsked
from waitingroom.redis_address import parsed
from waitingroom.redis_cluster import PAUSE_SECONDS, ClusterMap
from waitingroom.redis_pipe import ANSWER_SECONDS, MAX_WAITING, Callback, Pipe
from waitingroom.scripts import LEAVE, Call

# As a call: what comes behind it in the same write is taken by a node that only imports the room.
ASKING = Call(LEAVE, ("ASKING",))
# What a node says in the middle of a change, having done nothing.
CHANGING = ("TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "LOADING", "READONLY", "NOREPLICAS")

_map_thread = BlockingThread("waitingroom-cluster")


class ClusterPipe(Pipe):
    """A Pipe for each node; what a node surely did not do is asked again, for as long as a visitor waits."""

    def __init__(self, url: str, client: Callable[[], RedisCluster]) -> None:
        """`client` makes or names the process's own; it blocks."""
        super().__init__(url)
        self._client = client
        self._map: ClusterMap | None = None
        self._reading: asyncio.Task[None] | None = None
        self._until_read: list[Callable[[], None]] = []
        self._pipes: dict[tuple[str, int], Pipe] = {}

    @property
    def circuit_open(self) -> bool:
        """Whether no node answered a moment ago."""
        return super().circuit_open or (bool(self._pipes) and all(pipe.circuit_open for pipe in self._pipes.values()))

    def ask(self, call: Call, callback: Callback) -> None:
        """Have `callback` called with Redis's answer to `call`, or with a LineUnavailable."""
        self._ask(call, callback, self._loop.time() + ANSWER_SECONDS)

    def _ask(self, call: Call, callback: Callback, until: float) -> None:
        if self._map is None:
            self._ask_when_read(call, callback, until)
            return
        try:
            node = self._map.node_of(call)
        except RedisError as error:  # nobody has the slot
            self._answered(call, callback, until, None, NotAsked(error))
            return
        self._pipe_to(node).ask(call, partial(self._answered, call, callback, until, node))

    def _ask_when_read(self, call: Call, callback: Callback, until: float) -> None:
        if super().circuit_open or len(self._until_read) >= MAX_WAITING:
            self._loop.call_soon(callback, NotAsked("the Cluster did not answer a moment ago"))
            return
        self._until_read.append(partial(self._ask_or_give_up, call, callback, until))
        self._read_map()

    def _ask_or_give_up(self, call: Call, callback: Callback, until: float) -> None:
        if self._map is None:
            callback(NotAsked("no node of the Cluster answers"))
        else:
            self._ask(call, callback, until)

    def _pipe_to(self, node: ClusterNode) -> Pipe:
        where = (cast("str", node.host), cast("int", node.port))
        found = self._pipes.get(where)
        if found is None:
            found = self._pipes[where] = Pipe(parsed(self._url).at(*where))
        return found

    def _answered(self, call: Call, callback: Callback, until: float, node: ClusterNode | None, answer: Any) -> None:
        if not isinstance(answer, LineUnavailable):
            callback(answer)
            return
        word, _, rest = (
            str(answer.cause).partition(" ") if isinstance(answer.cause, hiredis.ReplyError) else ("", "", "")
        )
        changing = isinstance(answer, NotAsked) or word in CHANGING
        if changing or not word:  # a node that hung up, too, may have lost its slots
            self._read_map()
        if node is None or self._map is None or self._loop.time() >= until:
            callback(answer)
        elif word == "MOVED":
            news = self._map.move(MovedError(rest), node)
            self._loop.call_later(0 if news else PAUSE_SECONDS, self._ask, call, callback, until)
        elif word == "ASK":
            importing = self._map.importing(AskError(rest), node)
            pipe = self._pipe_to(importing)
            pipe.ask(ASKING, lambda _: None)
            pipe.ask(call, partial(self._answered, call, callback, until, importing))
        elif changing:
            self._loop.call_later(PAUSE_SECONDS, self._ask, call, callback, until)
        else:
            callback(answer)

    def _read_map(self) -> None:
        """Have the nodes asked which slots they have, unless they are being asked."""
        if self._reading is None:
            self._reading = self._loop.create_task(self._read())

    async def _read(self) -> None:
        try:
            self._map = await asyncio.wrap_future(_map_thread.submit(self._map_now))
            await asyncio.sleep(PAUSE_SECONDS)  # so that a lasting outage is no storm of such questions
        except (RedisError, OSError):
            self._open_circuit()
        finally:
            self._reading = None
            waiting, self._until_read = self._until_read, []
            for ask in waiting:
                self._loop.call_soon(ask)

    def _map_now(self) -> ClusterMap:
        known = self._map
        if known is None:
            return ClusterMap(self._client())
        known.read_anew()
        return known

    async def close(self) -> None:
        """Let go of the connections."""
        if self._reading is not None:
            self._reading.cancel()
            with suppress(asyncio.CancelledError):
                await self._reading
        for pipe in self._pipes.values():
            await pipe.close()
