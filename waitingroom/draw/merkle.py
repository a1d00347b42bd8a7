"""The Merkle tree of RFC 6962, section 2.1: a root that holds every entry, and a short proof for each."""

from collections.abc import Sequence
from hashlib import sha256


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry; its first byte keeps it apart from a node's."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """The tree over `entries`, in their order."""

    def __init__(self, entries: Sequence[bytes]) -> None:
        self._levels = [[leaf_hash(entry) for entry in entries]]
        while len(below := self._levels[-1]) > 1:
            # Without a neighbour a subtree is its own parent: the same tree as the RFC's split at a power of two.
            pairs = [node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)]
            self._levels.append(pairs + below[len(below) - len(below) % 2 :])

    @property
    def root(self) -> bytes:
        """32 bytes that no other entries have."""
        top = self._levels[-1]
        return top[0] if top else sha256().digest()

    def proof(self, index: int) -> list[bytes]:
        """The audit path of entry `index`, from the leaf up. Raises IndexError."""
        if not 0 <= index < len(self._levels[0]):
            raise IndexError(index)
        path = []
        for level in self._levels[:-1]:
            if (neighbour := index ^ 1) < len(level):
                path.append(level[neighbour])
            index //= 2
        return path


def proven_root(entry: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that `path` leads to from `entry`, `index` of `size` (RFC 9162, 2.1.3.2); None for a wrong length."""
    if not 0 <= index < size:
        return None
    found, at, last = leaf_hash(entry), index, size - 1
    for neighbour in path:
        if last == 0:
            return None
        if at % 2 or at == last:
            found = node_hash(neighbour, found)
            while at % 2 == 0 and at:
                at, last = at // 2, last // 2
        else:
            found = node_hash(found, neighbour)
        at, last = at // 2, last // 2
    return found if last == 0 else None
