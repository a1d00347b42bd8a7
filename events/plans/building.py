"""Building a plan from a draft: thousands of seats in one go."""

from collections.abc import Iterator

from django.db import transaction
from django.db.models import ProtectedError

from events.models import Plan, Seat, SeatKind, Section
from events.plans.drafts import Block, Draft


class PlanInUse(Exception):
    """Sections of the plan are on sale, or its seats were ordered once: other seats would pull these away."""


@transaction.atomic
def build(plan: Plan, draft: Draft) -> int:
    """Replace the plan's sections by the draft's; how many seats it has now. Raises PlanInUse."""
    plan = Plan.objects.select_for_update().get(pk=plan.pk)
    try:
        plan.sections.all().delete()
    except ProtectedError as error:
        raise PlanInUse from error
    for order, block in enumerate(draft.blocks.values()):
        new_section(plan, block, order)
    return draft.capacity


def new_section(plan: Plan, block: Block, order: int) -> None:
    """Add a section with its seats, as the n-th of its level, named as signs in the hall would."""
    names = names_of(block.code, block.level, standing=block.standing)
    section = Section.objects.create(
        plan=plan,
        code=block.code,
        name_ko=names[0],
        name_en=names[1],
        level=block.level,
        order=order,
        standing=block.standing,
        capacity=block.capacity,
    )
    Seat.objects.bulk_create(seats_of(section, block), batch_size=5000)


def names_of(code: str, level: int, *, standing: bool) -> tuple[str, str]:
    """What signs in the hall would say of a section, in Korean and English."""
    if standing:
        return f"스탠딩 {code}구역", f"Standing {code}"
    if level == 0:
        return f"플로어 {code}구역", f"Floor {code}"
    return f"{level}층 {code}구역", f"Level {level}, section {code}"


def seats_of(section: Section, block: Block) -> Iterator[Seat]:
    """The block's seats, unsaved, row by row; `ordinal` counts them."""
    ordered = ((row, number) for row, numbers in block.rows.items() for number in sorted(numbers))
    for ordinal, (row, number) in enumerate(ordered):
        kind = block.kinds.get((row, number), SeatKind.ORDINARY)
        yield Seat(section=section, row=row, number=number, ordinal=ordinal, kind=kind)
