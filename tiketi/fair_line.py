"""A line in which askers take turns: however many requests one of them brings, the others wait for one of those."""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

from tiketi.ranks import Asker


class Asking(Protocol):
    """What waits."""

    @property
    def asker(self) -> Asker:
        """Whose it is."""


T = TypeVar("T", bound=Asking)


class FairLine(Generic[T]):
    """Each asker's in the order they came, the askers in turn."""

    def __init__(self) -> None:
        self._of: OrderedDict[str, deque[T]] = OrderedDict()  # whose turn is next, first
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[T]:
        return (one for waiting in self._of.values() for one in waiting)

    def add(self, one: T) -> None:
        """Wait."""
        self._of.setdefault(one.asker.name, deque()).append(one)
        self._count += 1

    def take(self, may: Callable[[Asker], bool]) -> T | None:
        """The next one, passing over askers who may not begin another; None if there is none."""
        for name, waiting in self._of.items():
            if may(waiting[0].asker):
                one = waiting.popleft()
                self._count -= 1
                if waiting:
                    self._of.move_to_end(name)
                else:
                    del self._of[name]
                return one
        return None

    def drop(self, one: T) -> bool:
        """Wait no longer; whether it still did."""
        waiting = self._of.get(one.asker.name)
        if waiting is None or one not in waiting:
            return False
        waiting.remove(one)
        self._count -= 1
        if not waiting:
            del self._of[one.asker.name]
        return True

    def waiting_of(self, asker: Asker) -> int:
        """How many of this asker's wait."""
        return len(self._of.get(asker.name, ()))

    def last_of_longest(self) -> T | None:
        """What came last of the asker with the most; None where nobody waits."""
        return max(self._of.values(), key=len)[-1] if self._of else None
