"""How fast a new instance counts for admission: a third at once, the rest over the ramp, while its caches fill."""

from collections.abc import Iterable
from math import inf

# Thirds, at the start, the middle and the end of the ramp: on the mean, an instance costs half a ramp of its work.
PARTS = 3


def counted(ready_at: Iterable[float], *, now: float, ramp_s: float) -> tuple[float, tuple[tuple[float, float], ...]]:
    """(instances that count now, ((instances, instant from which they count), ...) still to come, soonest first).

    `ready_at`: for every instance in service or pending, the instant it took or will take visitors; -inf for long ago.
    """
    count = 0
    coming: dict[float, int] = {}
    for ready in ready_at:
        for part in range(PARTS):
            at = ready if ready == -inf else ready + ramp_s * part / (PARTS - 1)
            if at <= now:
                count += 1
            else:
                coming[at] = coming.get(at, 0) + 1
    return count / PARTS, tuple((parts / PARTS, at) for at, parts in sorted(coming.items()))
