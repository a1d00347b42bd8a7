"""Correcting a plan while it sells, as it was compared and agreed to."""

from django.db import transaction
from django.db.models import F

from events.models import Event, Plan, Seat, Section
from events.plans.building import new_section, seats_of
from events.plans.comparing import Correction

# Out of every row's and seat's way while they change names and ordinals with one another.
_ASIDE = 1_000_000
BATCH = 1000  # rows in one statement


def lock_plan(plan_id: int) -> Plan:
    """The plan, locked after its events until the transaction ends: nobody prices it or builds it meanwhile."""
    list(Event.objects.select_for_update(no_key=True).filter(plan=plan_id).order_by("pk"))
    return Plan.objects.select_for_update(no_key=True).get(pk=plan_id)


@transaction.atomic
def correct(plan: Plan, correction: Correction) -> int:
    """Do it, inside the transaction in which it was compared; how many seats the plan has now."""
    for first in range(0, len(correction.gone_seats), BATCH):
        Seat.objects.filter(pk__in=correction.gone_seats[first : first + BATCH]).delete()
    for section in correction.gone:
        section.delete()
    for section, block in correction.kept:
        section.seats.update(ordinal=F("ordinal") + _ASIDE)
        there = {(seat.row, seat.number): seat for seat in section.seats.all()}
        moved, added = [], []
        for seat in seats_of(section, block):
            if (old := there.get((seat.row, seat.number))) is None:
                added.append(seat)
            else:
                old.ordinal, old.kind = seat.ordinal, seat.kind
                moved.append(old)
        Seat.objects.bulk_update(moved, ["ordinal", "kind"], batch_size=BATCH)
        Seat.objects.bulk_create(added, batch_size=BATCH)
        _rename_rows(section, correction.names.get(section, {}))
        section.level, section.capacity = block.level, block.capacity
        section.save(update_fields=["level", "capacity", "name_ko", "name_en"])
    last = max((section.order for section in plan.sections.all()), default=-1)
    for order, block in enumerate(correction.new, start=last + 1):
        new_section(plan, block, order)
    return correction.draft.capacity


def _rename_rows(section: Section, names: dict[str, str]) -> None:
    """All at once: rows may change names with one another. What readers of tables refuse is no row's name meanwhile."""
    aside = {old: f"\x01{index}" for index, old in enumerate(names)}
    for old, meanwhile in aside.items():
        section.seats.filter(row=old).update(row=meanwhile)
    for old, new in names.items():
        section.seats.filter(row=aside[old]).update(row=new)
