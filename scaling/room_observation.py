"""One room as the fleet's decisions see it."""

from dataclasses import dataclass

# So long before a room lets people in it has its share: rooms are told theirs every second, by whoever is alive.
READY_S = 5.0


@dataclass(frozen=True, slots=True)
class RoomObservation:
    """Its counts, its rates a minute, and its settings."""

    slug: str
    waiting: int  # present and absent
    present: int
    active: int
    arrivals_per_minute: float
    users_per_minute: float  # that one instance is rated for
    threshold_per_instance: float = 0  # 0: the threshold is fixed, it does not follow the fleet
    threshold: int = 0  # in force
    departures_per_minute: float = 0.0
    mean_stay_s: float = 0.0  # 0: nobody has left yet
    weight: float = 1.0
    floor: float = 0.0  # instances
    mode: str = "automatic"  # as the waiting room names it
    stands_s: float = 0.0  # nobody is let in for so long yet: until the opening, or the end of a recovery period

    @property
    def closed(self) -> bool:
        """Nobody new and nobody in."""
        return self.mode == "closed"

    @property
    def is_early(self) -> bool:
        """Whether the room lets nobody in yet, by the clock, whatever its mode."""
        return self.stands_s > READY_S

    @property
    def lets_in(self) -> bool:
        """Whether those who wait come in."""
        return self.mode not in ("paused", "closed") and not self.is_early

    @property
    def takes_newcomers(self) -> bool:
        """Whether somebody new may come straight in."""
        return self.mode in ("automatic", "off") and not self.is_early

    @property
    def effective_users_per_minute(self) -> float:
        """What one instance really admits: by Little's law no more than its threshold over the stay."""
        if not (self.threshold_per_instance and self.mean_stay_s):
            return self.users_per_minute
        return min(self.users_per_minute, self.threshold_per_instance * 60 / self.mean_stay_s)

    def let_in_within(self, seconds: float) -> float:
        """Present visitors whom the threshold would let in within so many seconds, however many instances there are.

        All of them where it follows the fleet; else the vacancy, and as many as leave.
        """
        if self.threshold_per_instance:
            return self.present
        leaving = self.threshold / self.mean_stay_s if self.mean_stay_s else 0.0
        return min(self.present, max(0, self.threshold - self.active) + leaving * seconds)

    def held_by_threshold(self, target_wait_s: float) -> bool:
        """Whether the threshold holds this line, so that more instances would let nobody in sooner."""
        return not self.closed and self.present > self.let_in_within(target_wait_s)
