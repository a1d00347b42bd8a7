"""A price list as a table: which section is in which tier, and what the tiers cost."""

import csv
import io
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from events.models import Event, PriceTier, Section, SectionPrice
from events.models.price import HIGHEST_PRICE_WON
from events.plans.files import LineError, NotATable, records_of, wanted
from events.plans.ranges import BadNames, names_in
from events.sale.repricing import must_stay, reprice

# With what people write over them beside these names.
COLUMNS = {
    "section": ("구역", "구역명", "섹션", "블록", "블럭"),
    "tier": ("등급", "가격등급", "좌석등급", "grade"),
    "price": ("가격", "금액", "원", "won"),
}
MAX_ERRORS = 50


@dataclass(frozen=True)
class Move:
    """A section that changes its tier; None where it is not on sale, before or after."""

    section: Section
    before: PriceTier | None
    after: PriceTier | None


@dataclass
class PriceChanges:
    """What a price list would do to an event; nothing is done yet."""

    moves: list[Move] = field(default_factory=list)
    new_tiers: list[PriceTier] = field(default_factory=list)
    new_prices: list[tuple[PriceTier, int]] = field(default_factory=list)  # a tier with its price as it is to be
    errors: list[LineError] = field(default_factory=list)

    @property
    def is_nothing(self) -> bool:
        """Whether all is so already."""
        return not (self.moves or self.new_tiers or self.new_prices)


def price_list_of(event: Event) -> str:
    """The event's sections with their tiers and prices, as the table that `read_price_list` reads."""
    priced = {price.section_id: price.tier for price in SectionPrice.objects.filter(event=event).select_related("tier")}
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(COLUMNS)
    for section in Section.objects.filter(plan=event.plan_id):
        tier = priced.get(section.pk)
        writer.writerow([section.code, tier.name_ko if tier else "", tier.price_won if tier else ""])
    return table.getvalue()


def read_price_list(event: Event, text: str) -> PriceChanges:
    """What the table would change. Sections that it does not name stay as they are; no tier takes one off sale.

    A tier is named in Korean or English; a new one needs a price, and the price of one there is changes it for all.
    Inside a transaction, with the sale locked, as the sections that would leave it are. Raises SeatsBeingTaken.
    """
    reading = _Reading(event)
    try:
        for line, cells in records_of(text, COLUMNS, needed=1):
            problem = reading.take(line, cells) if cells else wanted(COLUMNS)
            if problem:
                reading.changes.errors.append(LineError(line, problem))
            if len(reading.changes.errors) == MAX_ERRORS:
                break
    except NotATable as error:
        reading.changes.errors.append(LineError(error.line, str(error)))
    reading.finish()
    return reading.changes


def put_in_force(event: Event, changes: PriceChanges) -> None:
    """Do it, inside the transaction in which the list was read."""
    for tier in changes.new_tiers:
        tier.save()
    for tier, price_won in changes.new_prices:
        tier.price_won = price_won
        tier.save(update_fields=["price_won"])
    reprice(event, {move.section.pk: move.after.pk if move.after else None for move in changes.moves})


class _Reading:
    """A price list being read, line by line."""

    def __init__(self, event: Event) -> None:
        self.event = event
        self.changes = PriceChanges()
        self.sections = {section.code: section for section in Section.objects.filter(plan=event.plan_id)}
        self.before = {price.section_id: price.tier for price in event.section_prices.select_related("tier")}
        self.tiers = {name: tier for tier in event.tiers.all() for name in (tier.name_en, tier.name_ko) if name}
        self.prices: dict[str, int] = {}  # by the tier's Korean name, as the list tells them
        self.seen: dict[str, int] = {}  # the line of each section

    def take(self, line: int, cells: dict[str, str]) -> str:
        """Note what the line says; what is wrong with it, or nothing."""
        try:
            names = names_in(cells["section"])
        except BadNames as error:
            return str(error)
        if names.count > len(self.sections):
            return _("The plan has no section “%(name)s”.") % {"name": cells["section"]}
        try:
            tier = self._tier(cells["tier"], cells["price"])
        except ValueError as error:
            return str(error)
        for code in names.spread():
            if code not in self.sections:
                return _("The plan has no section “%(name)s”.") % {"name": code}
            if code in self.seen:
                return _("Section %(code)s is on line %(line)d already.") % {"code": code, "line": self.seen[code]}
            self.seen[code] = line
            section = self.sections[code]
            before = self.before.get(section.pk)
            if before is not tier and not (before and tier and before.pk == tier.pk is not None):
                self.changes.moves.append(Move(section, before, tier))
        return ""

    def _tier(self, name: str, price: str) -> PriceTier | None:
        """The tier of that name, new if there is none, at the price if one is given. Raises ValueError, a sentence."""
        if not name:
            if price:
                raise ValueError(_("A price needs a tier."))
            return None
        price_won = read_won(price) if price else None
        tier = self.tiers.get(name)
        if tier is None:
            if price_won is None:
                raise ValueError(_("The event has no tier “%(name)s”; a new one needs a price.") % {"name": name})
            if len(name) > 40 or not name.isprintable():
                raise ValueError(_("The name of a tier has up to 40 letters."))
            tier = self.tiers[name] = PriceTier(event=self.event, name_ko=name, price_won=price_won)
            self.changes.new_tiers.append(tier)
        if price_won is not None and self.prices.setdefault(tier.name_ko, price_won) != price_won:
            raise ValueError(_("Tier %(name)s has two prices in this list.") % {"name": name})
        return tier

    def finish(self) -> None:
        """Compare prices, and refuse to take sections off sale where seats are held or sold."""
        named = {tier.name_ko: tier for tier in self.event.tiers.all()}
        self.changes.new_prices = [
            (named[name], price_won)
            for name, price_won in self.prices.items()
            if name in named and named[name].price_won != price_won
        ]
        leaving = [move.section for move in self.changes.moves if move.after is None]
        staying = must_stay(self.event, [section.pk for section in leaving])
        self.changes.errors += [
            LineError(self.seen[section.code], _("Seats here are held or sold: it must keep a price."))
            for section in leaving
            if section.pk in staying
        ]


def read_won(text: str) -> int:
    """Whole won: `110000`, `110,000`, `110,000원` or `₩110,000`. Raises ValueError with a sentence."""
    digits = text.removesuffix("원").removeprefix("₩").replace(",", "").strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9 and int(digits) <= HIGHEST_PRICE_WON):
        said = _("A price is whole won up to %(most)s, not “%(text)s”.")
        raise ValueError(said % {"most": f"{HIGHEST_PRICE_WON:,}", "text": text})
    return int(digits)
