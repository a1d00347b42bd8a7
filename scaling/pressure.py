"""Pure: the part of its rate that admission has while those inside wait for threads: down at once, up slowly."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from statistics import mean

# No sale is ever stopped by it.
FLOOR = 0.25
# What nine of ten requests inside may wait until they are served.
TARGET_S = 0.2
# A second's fall at most, at five times the target: who was let in brings load for as long as they stay, so that what
# was too much shows late, and what was too little as well.
FASTEST_FALL, FASTEST_AT = 0.15, 4.0
# Below this share of the wait remembered it is on its way down: what was done takes effect, and is waited for.
SHRINKING = 0.98
# A second's rise where nobody waits: from the floor to the whole rate in five minutes, a few stays.
RISE = 0.0025
# A process's report counts for so long.
BELIEVED_S = 5.0


@dataclass(frozen=True, slots=True)
class Pressure:
    """What one process makes of its waits: its multiplier, and the wait remembered, seconds (half of it each time)."""

    multiplier: float = 1.0
    waited_s: float = 0.0

    def after(self, waited_s: float, elapsed_s: float = 1.0) -> "Pressure":
        """`elapsed_s` later, when nine of ten waited at most `waited_s`.

        Beyond TARGET_S the multiplier falls in proportion to the excess, unless the wait shrinks already; below it
        rises, the slower the nearer the wait is to the target, so that it settles there.
        """
        remembered = max(waited_s, (self.waited_s + waited_s) / 2)
        excess = waited_s / TARGET_S - 1
        multiplier = self.multiplier
        if excess <= 0:
            multiplier = min(1.0, multiplier - RISE * elapsed_s * excess)
        elif waited_s >= self.waited_s * SHRINKING:
            fall = FASTEST_FALL * min(1.0, excess / FASTEST_AT) * min(1.0, elapsed_s)
            multiplier = max(FLOOR, multiplier * (1 - fall))
        return Pressure(multiplier, remembered)


def of_fleet(reports: Mapping[str, float], serving: AbstractSet[str]) -> float:
    """The multiplier of all rooms' rates: of its instances' the mean, as each brings so much of its part of the rate.

    `reports`: web process (instance:pid) to its multiplier, of the last seconds; an instance's is its processes' mean.
    One that serves and reports nothing has its whole part.
    """
    of: dict[str, list[float]] = {instance: [] for instance in serving}
    for process, multiplier in reports.items():
        of.setdefault(process.rpartition(":")[0], []).append(multiplier)
    found = mean([mean(own) if own else 1.0 for own in of.values()]) if of else 1.0
    return min(1.0, max(FLOOR, found))
