"""Which seats are free, held or sold: one look at the database a second for however many viewers."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.db.models import Q
from django.utils import timezone

from events.models import Occupancy, SectionPrice

FRESH_SECONDS = 1
# A look that failed leaves the last one standing for so long.
KEPT_SECONDS = 60

FREE, HELD, SOLD = "0", "1", "2"


@dataclass(frozen=True)
class Availability:
    """The seats of an event, as seen a moment ago."""

    free: dict[int, int]  # by section id
    left: dict[int, int]  # free seats by price, a tier's id
    states: dict[int, str]  # by section id: one of FREE, HELD, SOLD for each seat, in order
    opens_at: datetime | None  # None where nothing is on sale


def look(slug: str) -> Availability:
    """Ask the database: every section on sale at the event, every seat. A hold whose time ran out holds nothing."""
    on_sale = SectionPrice.objects.filter(event__room__slug=slug)
    sections = list(on_sale.values_list("section_id", "tier_id", "section__capacity", "event__opens_at"))
    states = {section: bytearray(FREE.encode() * capacity) for section, _, capacity, _ in sections}
    standing = Q(hold=None) | Q(hold__expires_at__gt=timezone.now())
    rows = Occupancy.objects.filter(standing, event__room__slug=slug).annotate(sold=Q(order__isnull=False))
    for section, ordinal, sold in rows.values_list("seat__section_id", "seat__ordinal", "sold"):
        # A seat that was added to the plan between the two questions is seen by the next look.
        if section in states and ordinal < len(states[section]):
            states[section][ordinal] = ord(SOLD if sold else HELD)
    free = {section: state.count(FREE.encode()) for section, state in states.items()}
    left: Counter[int] = Counter()
    for section, tier, _, _ in sections:
        left[tier] += free[section]
    return Availability(
        opens_at=next((opens_at for *_, opens_at in sections), None),
        free=free,
        left=dict(left),
        states={section: state.decode() for section, state in states.items()},
    )


def free_seats(slug: str) -> dict[int, int]:
    """Free seats by section, about a second old."""
    _refresh_if_stale(slug)
    kept: dict[int, int] | None = cache.get(_free_key(slug))
    return look(slug).free if kept is None else kept


def left_by_price(slug: str) -> dict[int, int]:
    """Free seats by price (a tier's id), about a second old."""
    _refresh_if_stale(slug)
    kept: dict[int, int] | None = cache.get(_left_key(slug))
    return look(slug).left if kept is None else kept


def section_state(slug: str, section_id: int) -> str | None:
    """The state of each seat of a section, about a second old; None if the section is not on sale, or not yet."""
    _refresh_if_stale(slug)
    kept = cache.get_many([_opens_key(slug), _state_key(slug, section_id)])
    if len(kept) < 2:
        seen = look(slug)
        kept = {_opens_key(slug): seen.opens_at, _state_key(slug, section_id): seen.states.get(section_id)}
    return _once_open(kept[_opens_key(slug)], kept[_state_key(slug, section_id)])


def _once_open(opens_at: datetime | None, state: str | None) -> str | None:
    return None if opens_at is None or timezone.now() < opens_at else state


def free_seats_and_state(slug: str, section_id: int) -> tuple[dict[int, int], str | None]:
    """As `free_seats` and `section_state`, of one look."""
    _refresh_if_stale(slug)
    kept = cache.get_many([_free_key(slug), _opens_key(slug), _state_key(slug, section_id)])
    if len(kept) < 3:
        return free_seats(slug), section_state(slug, section_id)
    return kept[_free_key(slug)], _once_open(kept[_opens_key(slug)], kept[_state_key(slug, section_id)])


def section_states(slug: str, section_ids: Iterable[int]) -> dict[int, str]:
    """As `section_state`, of several sections at once; without those that are not on sale, or not yet."""
    _refresh_if_stale(slug)
    keys = {_state_key(slug, section): section for section in section_ids}
    kept = cache.get_many([_opens_key(slug), *keys])
    if len(kept) <= len(keys):
        seen = look(slug)
        kept = {key: seen.states.get(section) for key, section in keys.items()} | {_opens_key(slug): seen.opens_at}
    opens_at = kept.pop(_opens_key(slug))
    if opens_at is None or timezone.now() < opens_at:
        return {}
    return {keys[key]: state for key, state in kept.items() if state is not None}


def _refresh_if_stale(slug: str) -> None:
    """Of all who find the last look stale, one takes the next; the others go by the last one meanwhile."""
    if cache.add(f"seats:{slug}:fresh", 1, FRESH_SECONDS):
        seen = look(slug)
        states = {_state_key(slug, section): state for section, state in seen.states.items()}
        counts = {_free_key(slug): seen.free, _left_key(slug): seen.left}
        cache.set_many({**counts, _opens_key(slug): seen.opens_at, **states}, KEPT_SECONDS)


def _free_key(slug: str) -> str:
    return f"seats:{slug}:free"


def _left_key(slug: str) -> str:
    return f"seats:{slug}:left"


def _opens_key(slug: str) -> str:
    return f"seats:{slug}:opens"


def _state_key(slug: str, section_id: int) -> str:
    return f"seats:{slug}:{section_id}"
