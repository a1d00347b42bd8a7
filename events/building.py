"""Building a plan from a draft: thousands of seats in one go."""

from collections.abc import Iterator

from django.db import transaction
from django.db.models import ProtectedError

from events.models import Plan, Seat, Section
from events.plans import Block, Draft


class PlanInUse(Exception):
    """Sections of the plan are on sale, or its seats were ordered once: other seats would pull these away."""


@transaction.atomic
def build(plan: Plan, draft: Draft) -> int:
    """Replace the plan's sections by the draft's; how many places it has now. Raises PlanInUse."""
    plan = Plan.objects.select_for_update().get(pk=plan.pk)
    try:
        plan.sections.all().delete()
    except ProtectedError as error:
        raise PlanInUse from error
    for order, block in enumerate(draft.blocks.values()):
        names = _names(block)
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
        Seat.objects.bulk_create(_places(section, block), batch_size=5000)
    return draft.capacity


def _names(block: Block) -> tuple[str, str]:
    """What signs in the hall would say, in Korean and English."""
    if block.standing:
        return f"스탠딩 {block.code}구역", f"Standing {block.code}"
    if block.level == 0:
        return f"플로어 {block.code}구역", f"Floor {block.code}"
    return f"{block.level}층 {block.code}구역", f"Level {block.level}, section {block.code}"


def _places(section: Section, block: Block) -> Iterator[Seat]:
    ordered = ((row, number) for row, numbers in block.rows.items() for number in sorted(numbers))
    for place, (row, number) in enumerate(ordered):
        yield Seat(section=section, row=row, number=number, place=place)
