"""The colour of each price on the map: by its name, so that it stays one colour from show to show."""

from collections.abc import Iterable
from zlib import crc32

from events.models import PriceTier

# As many as seats.css has; with more prices at one event some are alike.
SHADES = 12
# What Korean houses call them.
USUAL = {"VIP": 0, "R": 2, "S": 3, "A": 4, "B": 7, "C": 8, "스탠딩": 1, "전석": 6}


def shades_of(tiers: Iterable[PriceTier]) -> dict[int, int]:
    """A shade for each price by its id: the usual one, or one of its own that the others of the event leave free."""
    shades: dict[int, int] = {}
    for tier in sorted(tiers, key=lambda tier: (_usual(tier) is None, tier.pk)):
        shade = _usual(tier)
        if shade is None:
            first = crc32(tier.name_ko.encode())
            taken = {*shades.values(), *USUAL.values()}
            free = [shade for i in range(SHADES) if (shade := (first + i) % SHADES) not in taken]
            free += [shade for i in range(SHADES) if (shade := (first + i) % SHADES) not in shades.values()]
            shade = free[0] if free else first % SHADES
        shades[tier.pk] = shade
    return shades


def _usual(tier: PriceTier) -> int | None:
    return USUAL.get(tier.name_ko.strip().removesuffix("석").strip().upper(), USUAL.get(tier.name_ko.strip()))
