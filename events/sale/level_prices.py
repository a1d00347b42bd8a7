"""Prices by level: all sections of a level in one tier; for drafts, under the sale's own locks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from events.models import Event, Plan, PriceTier, Section
from events.sale.repricing import reprice


@dataclass(frozen=True)
class LevelPrice:
    """What the seats of a level cost, and what that price is called."""

    name_ko: str
    name_en: str
    price_won: int


@dataclass
class Level:
    """The sections of a plan at one height, with the tiers that they have now; None: not on sale."""

    number: int
    sections: list[Section] = field(default_factory=list)
    tiers: list[PriceTier | None] = field(default_factory=list)  # of each section

    @property
    def seats(self) -> int:
        """How many people sit or stand there."""
        return sum(section.capacity for section in self.sections)

    @property
    def tier(self) -> PriceTier | None:
        """The tier of all of them; None where there is none, or not one alone."""
        return self.tiers[0] if len({tier and tier.pk for tier in self.tiers}) == 1 else None

    @property
    def is_mixed(self) -> bool:
        """Whether its sections have several prices, as they are given section by section."""
        return len({tier and tier.pk for tier in self.tiers}) > 1


def levels_of(event: Event) -> list[Level]:
    """The levels of the event's plan, the lowest first."""
    priced = {price.section_id: price.tier for price in event.section_prices.select_related("tier")}
    levels: dict[int, Level] = {}
    for section in Section.objects.filter(plan=event.plan_id) if event.plan_id else []:
        level = levels.setdefault(section.level, Level(section.level))
        level.sections.append(section)
        level.tiers.append(priced.get(section.pk))
    return list(levels.values())


def stake_of(event: Event) -> tuple[int, int]:
    """How many seats are on sale, and what they cost together, in won."""
    prices = list(event.section_prices.select_related("section", "tier"))
    seats = sum(price.section.capacity for price in prices)
    return seats, sum(price.section.capacity * price.tier.price_won for price in prices)


def price_levels(event: Event, prices: Mapping[int, LevelPrice | None]) -> None:
    """Put all sections of each level (by number) into its tier, or off sale; tiers that this leaves empty go.

    Inside the caller's transaction, after `lock_sale`; nobody may hold seats of the event yet.
    """
    before = set(event.section_prices.values_list("tier", flat=True))
    tiers = {tier.name_ko: tier for tier in event.tiers.all()}
    wanted: dict[int, int | None] = {}
    for level in levels_of(event):
        if level.number not in prices:
            continue
        price, pk = prices[level.number], None
        if price is not None:
            tier = tiers.setdefault(price.name_ko, PriceTier(event=event, name_ko=price.name_ko))
            if tier._state.adding or (tier.name_en, tier.price_won) != (price.name_en, price.price_won):
                tier.name_en, tier.price_won = price.name_en, price.price_won
                tier.save()
            pk = tier.pk
        wanted |= dict.fromkeys((section.pk for section in level.sections), pk)
    reprice(event, wanted)
    now = set(event.section_prices.values_list("tier", flat=True))
    event.tiers.filter(pk__in=before - now).delete()


def take_off_sale(event: Event) -> dict[int, int]:
    """Take every section off sale, as another plan needs it; the tier (id) of each level that had one."""
    had = {level.number: level.tier.pk for level in levels_of(event) if level.tier is not None}
    event.section_prices.all().delete()
    return had


def seat_by(event: Event, plan: Plan, tiers: Mapping[int, int]) -> None:
    """Let the event, whose sections are off sale, seat people by the plan; its levels get these tiers (by number)."""
    event.plan = plan
    event.save(update_fields=["plan"])
    sections = Section.objects.filter(plan=plan, level__in=tiers)
    reprice(event, {section.pk: tiers[section.level] for section in sections})
