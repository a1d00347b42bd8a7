"""How many servers stood ordered between two instants, and what they cost: from the decisions as they were written."""

from dataclasses import dataclass
from datetime import datetime

from scaling.cost import REFERENCE_PRICES, Prices
from scaling.in_force import configuration
from scaling.models import ScalingDecision


@dataclass(frozen=True)
class Step:
    """From `at` on so many were ordered."""

    at: datetime
    servers: int
    reason: str  # as staff read it; "" of what stood when the time began


@dataclass(frozen=True)
class ServersOrdered:
    """The whole fleet, which all sales share, between two instants."""

    begins: datetime
    ends: datetime
    steps: tuple[Step, ...]
    minimum: int
    prices: Prices = REFERENCE_PRICES

    @property
    def most(self) -> int:
        """The largest order."""
        return max(step.servers for step in self.steps)

    @property
    def hours(self) -> float:
        """Server-hours."""
        ends = [*(step.at for step in self.steps[1:]), self.ends]
        return sum(
            step.servers * (end - step.at).total_seconds() / 3600 for step, end in zip(self.steps, ends, strict=True)
        )

    @property
    def extra_hours(self) -> float:
        """Server-hours beyond the fleet's minimum, which stands anyway."""
        return max(0.0, self.hours - self.minimum * (self.ends - self.begins).total_seconds() / 3600)

    @property
    def won(self) -> int:
        """What all of them cost."""
        return round(self.hours * self.prices.hour_won)

    @property
    def extra_won(self) -> int:
        """What those beyond the minimum cost."""
        return round(self.extra_hours * self.prices.hour_won)


def servers_between(begins: datetime, ends: datetime) -> ServersOrdered:
    """By the decisions that were ordered, and not refused; before the first of them the fleet had its minimum."""
    c = configuration()
    changes = ScalingDecision.carried_out().filter(at__lt=ends).order_by("at", "pk")
    before = changes.filter(at__lte=begins).last()
    steps = [Step(begins, before.after if before else c.minimum, "")]
    for change in changes.filter(at__gt=begins):
        if change.after != steps[-1].servers:
            steps.append(Step(change.at, change.after, change.get_reason_display()))
    return ServersOrdered(begins, ends, tuple(steps), c.minimum)
