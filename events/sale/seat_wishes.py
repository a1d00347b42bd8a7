"""What a buyer looks for on the map: how many side by side, at which price, with a wheelchair or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from events.models import PriceTier

NAMES = ("count", "tier", "wheelchair")


@dataclass(frozen=True)
class SeatWishes:
    """`count` seats, in a tier (None: any); with `wheelchair`, the first of them is a wheelchair space."""

    count: int
    tier: PriceTier | None
    wheelchair: bool
    counts: range  # what may be asked for


def read_wishes(sent: Mapping[str, str], tiers: Sequence[PriceTier], *, most: int) -> SeatWishes:
    """The wishes of a form; what cannot be is left open: another price, more seats than `most`."""
    counts = range(1, most + 1)
    asked = sent.get("count", "")
    count = next((count for count in counts if str(count) == asked), min(2, most))
    tier = next((tier for tier in tiers if str(tier.pk) == sent.get("tier", "")), None)
    return SeatWishes(count, tier, sent.get("wheelchair") == "1", counts)
