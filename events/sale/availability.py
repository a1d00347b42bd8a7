"""Which seats are free, held or sold: one look at the database a second for however many viewers."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db.models import Aggregate, CharField, Q
from django.db.models.functions import Cast
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


class Listed(Aggregate):
    """Texts of a group with commas between them: rows cost Django more than seats cost the database."""

    function, output_field = "GROUP_CONCAT", CharField()

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """PostgreSQL asks for the comma."""
        return self.as_sql(compiler, connection, template="STRING_AGG(%(expressions)s, ',')", **more)


def look(slug: str) -> Availability:
    """Ask the database: every section on sale at the event, every seat. A hold whose time ran out holds nothing."""
    on_sale = SectionPrice.objects.filter(event__room__slug=slug)
    sections = list(on_sale.values_list("section_id", "tier_id", "section__capacity", "event__opens_at"))
    states = {section: bytearray(FREE.encode() * capacity) for section, _, capacity, _ in sections}
    standing = Q(hold=None) | Q(hold__expires_at__gt=timezone.now())
    taken = Occupancy.objects.filter(standing, event__room__slug=slug).annotate(sold=Q(order__isnull=False))
    by_section = taken.order_by().values_list("seat__section_id", "sold")
    for section, sold, ordinals in by_section.annotate(of_it=Listed(Cast("seat__ordinal", CharField()))):
        # A section that was added to the plan between the two questions is seen by the next look, or a seat.
        state, letter = states.get(section, bytearray()), ord(SOLD if sold else HELD)
        for ordinal in map(int, ordinals.split(",")):
            if ordinal < len(state):
                state[ordinal] = letter
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
    kept: dict[int, int] | None = _kept(slug, _free_key(slug)).get(_free_key(slug))
    return look(slug).free if kept is None else kept


def left_by_price(slug: str) -> dict[int, int]:
    """Free seats by price (a tier's id), about a second old."""
    kept: dict[int, int] | None = _kept(slug, _left_key(slug)).get(_left_key(slug))
    return look(slug).left if kept is None else kept


def section_state(slug: str, section_id: int) -> str | None:
    """The state of each seat of a section, about a second old; None if the section is not on sale, or not yet."""
    return section_states(slug, [section_id]).get(section_id)


def section_states(slug: str, section_ids: Iterable[int]) -> dict[int, str]:
    """As `section_state`, of several sections at once; without those that are not on sale, or not yet."""
    return free_seats_and_states(slug, section_ids)[1]


def free_seats_and_states(slug: str, section_ids: Iterable[int]) -> tuple[dict[int, int], dict[int, str]]:
    """As `free_seats` and `section_states`, of one look."""
    keys = {_state_key(slug, section): section for section in section_ids}
    kept = _kept(slug, _free_key(slug), _opens_key(slug), *keys)
    free: dict[int, int] | None = kept.get(_free_key(slug))
    if free is not None:  # of what is not on sale there is nothing to miss
        keys = {key: section for key, section in keys.items() if section in free}
    if any(key not in kept for key in (_free_key(slug), _opens_key(slug), *keys)):
        kept = _as_kept(slug, look(slug))
    opens_at = kept[_opens_key(slug)]
    is_open = opens_at is not None and timezone.now() >= opens_at
    states = {section: kept[key] for key, section in keys.items() if key in kept} if is_open else {}
    return kept[_free_key(slug)], states


def last_look(slug: str) -> Availability:
    """All of the last look, about a second old, by two questions to the cache."""
    kept = _kept(slug, _free_key(slug), _left_key(slug), _opens_key(slug))
    if len(kept) == 3:
        states = {section: _state_key(slug, section) for section in kept[_free_key(slug)]}
        found = cache.get_many(states.values())
        if len(found) == len(states):
            return Availability(
                free=kept[_free_key(slug)],
                left=kept[_left_key(slug)],
                states={section: found[key] for section, key in states.items()},
                opens_at=kept[_opens_key(slug)],
            )
    return look(slug)


def _kept(slug: str, *keys: str) -> dict[str, Any]:
    """What the last look left under the keys, all that is there still, by one question.

    Of all who find the last look stale, one takes the next; the others go by the last one meanwhile.
    """
    fresh = f"seats:{slug}:fresh"
    kept: dict[str, Any] = cache.get_many([fresh, *keys])
    if kept.pop(fresh, None) is not None or not cache.add(fresh, 1, FRESH_SECONDS):
        return kept
    seen = _as_kept(slug, look(slug))
    cache.set_many(seen, KEPT_SECONDS)
    return {key: seen[key] for key in keys if key in seen}


def _as_kept(slug: str, seen: Availability) -> dict[str, Any]:
    states = {_state_key(slug, section): state for section, state in seen.states.items()}
    return {_free_key(slug): seen.free, _left_key(slug): seen.left, _opens_key(slug): seen.opens_at, **states}


def _free_key(slug: str) -> str:
    return f"seats:{slug}:free"


def _left_key(slug: str) -> str:
    return f"seats:{slug}:left"


def _opens_key(slug: str) -> str:
    return f"seats:{slug}:opens"


def _state_key(slug: str, section_id: int) -> str:
    return f"seats:{slug}:{section_id}"
