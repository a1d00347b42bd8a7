"""What a new table would change of a plan that sells, and what of it hurts somebody; nothing is done yet."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby

from django.core.exceptions import ValidationError
from django.db import OperationalError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from events.models import Occupancy, OrderLine, OrderState, Plan, SeatKind, Section, SectionPrice
from events.plans.building import names_of
from events.plans.correction_tables import runs
from events.plans.drafts import Block, Draft


@dataclass
class Correction:
    """What a table would do to a plan, in sentences and in rows; nothing is done yet."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    draft: Draft = field(default_factory=Draft)
    new: list[Block] = field(default_factory=list)
    gone: list[Section] = field(default_factory=list)
    kept: list[tuple[Section, Block]] = field(default_factory=list)
    gone_seats: list[int] = field(default_factory=list)
    names: dict[Section, dict[str, str]] = field(default_factory=dict)  # new names of rows by their old ones

    @property
    def is_nothing(self) -> bool:
        """Whether the plan is so already."""
        return not (self.added or self.changed or self.removed or self.refused)


def compare(plan: Plan, draft: Draft, names: dict[str, dict[str, str]]) -> Correction:
    """What would become of the plan, inside a transaction with the plan locked; `names` are new ones of rows.

    Locks the prices of every section that would change, so that nobody takes a seat there meanwhile.
    """
    found = Correction(draft=draft)
    sections = {section.code: section for section in plan.sections.all()}
    for code in names.keys() - draft.blocks.keys():
        found.refused.append(_("The plan has no section “%(name)s”.") % {"name": code})
    found.gone = [section for code, section in sections.items() if code not in draft.blocks]
    for code, block in draft.blocks.items():
        if code not in sections:
            found.new.append(block)
            found.added.append(_("Section %(code)s: %(seats)d seats") % {"code": code, "seats": block.capacity})
        elif names.get(code) or _differs(sections[code], block):
            found.kept.append((sections[code], block))
    # From here on nobody takes a seat there, so that what is free stays free.
    _lock_prices(found, [*found.gone, *(section for section, _ in found.kept)])
    for section in found.gone:
        _remove_section(found, section)
    for section, block in found.kept:
        _compare_section(found, section, block, names.get(section.code, {}))
    return found


def _lock_prices(found: Correction, sections: list[Section]) -> None:
    """By id, as buyers lock them; not waited for: who has one locked is taking a seat there this moment."""
    prices = SectionPrice.objects.filter(section__in=sections).order_by("pk")
    try:
        with transaction.atomic():
            list(prices.select_for_update(nowait=True))
    except OperationalError:
        found.refused.append(_("Seats of this plan are being taken this moment. Please try again."))


def _remove_section(found: Correction, section: Section) -> None:
    if SectionPrice.objects.filter(section=section).exists():
        found.refused.append(_("Section %(code)s is on sale: take it off sale first.") % {"code": section.code})
    elif OrderLine.objects.filter(seat__section=section).exists():
        found.refused.append(_("Section %(code)s was ordered from: its orders keep it.") % {"code": section.code})
    else:
        found.removed.append(_("Section %(code)s: %(seats)d seats") % {"code": section.code, "seats": section.capacity})


def _seats_of(block: Block) -> list[tuple[str, int]]:
    """The block's seats as (row, number), in the order of their ordinals."""
    return [(row, number) for row, numbers in block.rows.items() for number in sorted(numbers)]


def _differs(section: Section, block: Block) -> bool:
    seats = list(section.seats.order_by("ordinal").values_list("row", "number"))
    there = (section.level, section.standing, seats, _kinds_of(section))
    return there != (block.level, block.standing, _seats_of(block), block.kinds)


def _kinds_of(section: Section) -> dict[tuple[str, int], SeatKind]:
    """As a block has them."""
    seats = section.seats.exclude(kind=SeatKind.ORDINARY).values_list("row", "number", "kind")
    return {(row, number): SeatKind(kind) for row, number, kind in seats}


def _compare_section(found: Correction, section: Section, block: Block, names: dict[str, str]) -> None:
    if block.standing != section.standing:
        said = _(
            "Section %(code)s: seats do not become a standing area, nor the other way round. Give it another name."
        )
        found.refused.append(said % {"code": section.code})
        return
    if block.level != section.level:
        said = _("Section %(code)s: level %(before)d becomes %(after)d")
        found.changed.append(said % {"code": section.code, "before": section.level, "after": block.level})
        _rename_section(found, section, block)
    there = {(seat.row, seat.number): seat.pk for seat in section.seats.order_by("ordinal")}
    seats = dict.fromkeys(_seats_of(block))
    gone, fresh = [seat for seat in there if seat not in seats], [seat for seat in seats if seat not in there]
    used = _in_use(section)
    found.gone_seats += [there[seat] for seat in gone]
    found.refused += _told(section, [seat for seat in gone if there[seat] in used], _("held, sold or ordered once"))
    found.removed += _told(section, [seat for seat in gone if there[seat] not in used])
    found.added += _told(section, fresh)
    if [seat for seat in there if seat in seats] != [seat for seat in seats if seat in there]:
        found.changed.append(_("Section %(code)s: the seats are drawn in another order") % {"code": section.code})
    _compare_kinds(found, section, block, there, used)
    _compare_names(found, section, block, names)
    _refuse_twins(found, section, there, fresh, names)


def _compare_kinds(
    found: Correction, section: Section, block: Block, there: dict[tuple[str, int], int], used: set[int]
) -> None:
    """Seats become wheelchair spaces, companion seats or ordinary ones, unless somebody sits there."""
    before, seats = _kinds_of(section), set(_seats_of(block))
    for kind in SeatKind:
        other = [
            seat
            for seat in there
            if seat in seats and block.kinds.get(seat, SeatKind.ORDINARY) == kind != before.get(seat, SeatKind.ORDINARY)
        ]
        found.changed += _told(section, [seat for seat in other if there[seat] not in used], str(kind.label))
        found.refused += _told(
            section, [seat for seat in other if there[seat] in used], _("held, sold or ordered once")
        )


def _rename_section(found: Correction, section: Section, block: Block) -> None:
    """What staff named by hand stays; what was named by its level is named by the new one, unless tickets bear that."""
    if (section.name_ko, section.name_en) != names_of(section.code, section.level, standing=section.standing):
        return
    section.name_ko, section.name_en = names_of(section.code, block.level, standing=section.standing)
    try:
        section.clean()
    except ValidationError as error:
        found.refused += [f"{section.name_ko}: {why}" for why in error.messages]
    said = _("Section %(code)s is called %(new)s; tickets keep the old name")
    found.changed.append(said % {"code": section.code, "new": section.name})


def _in_use(section: Section) -> set[int]:
    """The section's seats that are held, sold, or stand in an order of the past."""
    held = Occupancy.objects.filter(seat__section=section).values_list("seat", flat=True)
    return {*held, *OrderLine.objects.filter(seat__section=section).order_by().values_list("seat", flat=True)}


def _compare_names(found: Correction, section: Section, block: Block, names: dict[str, str]) -> None:
    changing = {old: new for old, new in names.items() if old != new}
    for old in changing:
        if old not in block.rows or not old:
            said = _("Section %(code)s has no row “%(row)s”.")
            found.refused.append(said % {"code": section.code, "row": old})
    after = [changing.get(row, row) for row in block.rows]
    for name in sorted({name for name in after if after.count(name) > 1}):
        found.refused.append(_("Section %(code)s would have two rows %(row)s.") % {"code": section.code, "row": name})
    found.names[section] = changing
    for old, new in changing.items():
        sold = _live_lines(section).filter(seat__row=old).count()
        said = _("Section %(code)s: row %(row)s is called %(new)s; %(sold)d tickets keep the old name")
        found.changed.append(said % {"code": section.code, "row": old, "new": new, "sold": sold})


def _refuse_twins(
    found: Correction,
    section: Section,
    there: dict[tuple[str, int], int],
    fresh: list[tuple[str, int]],
    names: dict[str, str],
) -> None:
    """No seat takes the words that a ticket of another bears: two people would look for one chair."""
    named = {(names.get(row, row), number): pk for (row, number), pk in there.items()}
    named |= {(names.get(row, row), number): 0 for row, number in fresh}
    lines = _live_lines(section).values_list("row", "number", "seat_id")
    twins = [(row, number) for row, number, seat in lines if named.get((row, number), seat) != seat]
    found.refused += _told(section, twins, _("tickets of other seats bear these words"))


def _live_lines(section: Section) -> QuerySet[OrderLine]:
    live = OrderLine.objects.filter(seat__section=section, order__state__in=(OrderState.PENDING, OrderState.PAID))
    return live.order_by()


def _told(section: Section, seats: Iterable[tuple[str, int]], why: str = "") -> list[str]:
    """A sentence for each row of the seats."""
    told = []
    for row, members in groupby(sorted(set(seats)), key=lambda seat: seat[0]):
        stretches = ", ".join(
            f"{first}–{last}" if last > first else f"{first}" for first, last in runs(n for _, n in members)
        )
        said = _("Section %(code)s, row %(row)s, seats %(seats)s") if row else _("Section %(code)s, numbers %(seats)s")
        text = said % {"code": section.code, "row": row, "seats": stretches}
        told.append(f"{text}: {why}" if why else text)
    return told
