"""Which node of a Cluster has which room: redis-py's own map, one for all threads and event loops of the process."""

import logging
from functools import lru_cache

from redis.cluster import ClusterNode, RedisCluster
from redis.crc import key_slot
from redis.exceptions import AskError, MovedError, RedisError, SlotNotCoveredError

from waitingroom.scripts import Call

log = logging.getLogger(__name__)

# How long to wait before asking again what a Cluster could not answer in the middle of a change.
PAUSE_SECONDS = 0.05


@lru_cache(maxsize=4096)
def slot_of(key: str) -> int:
    """The key's slot; all keys of a room share one."""
    return key_slot(key.encode())


class ClusterMap:
    """The nodes by slot."""

    def __init__(self, client: RedisCluster) -> None:
        self.client = client
        self._nodes = client.nodes_manager

    def node_of(self, call: Call) -> ClusterNode:
        """The primary that has the call's room. Raises SlotNotCoveredError."""
        return self._nodes.get_node_from_slot(slot_of(str(call.command[3])))

    def known(self, call: Call) -> ClusterNode | None:
        """As `node_of`; None where nobody has it."""
        try:
            return self.node_of(call)
        except SlotNotCoveredError:
            return None

    def move(self, moved: MovedError, told_by: ClusterNode) -> bool:
        """Heed a MOVED; False if nothing is new in it."""
        self._named(moved, told_by)
        before = self._nodes.get_node_from_slot(moved.slot_id)
        self._nodes.move_slot(moved)
        return self._nodes.get_node_from_slot(moved.slot_id) is not before

    def importing(self, ask: AskError, told_by: ClusterNode) -> ClusterNode:
        """Where an ASK leads, for the one call."""
        self._named(ask, told_by)
        known = self._nodes.get_node(host=ask.host, port=ask.port)
        return known or ClusterNode(ask.host, ask.port, "primary")  # type: ignore[no-untyped-call]  # redis-py's

    def read_anew(self) -> None:
        """Ask the nodes; blocks. Without an answer all stays as it was."""
        try:
            self._nodes.initialize()
        except (RedisError, OSError) as error:
            log.info("the Cluster does not tell its nodes: %s", error)

    @staticmethod
    def _named(error: AskError, told_by: ClusterNode) -> None:
        error.host = error.host or told_by.host  # a node that knows no name of its own means the one it was asked by
