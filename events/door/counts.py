"""How many came in, by entrance, and how many are inside."""

from dataclasses import dataclass, field

from django.db.models import Count, Q

from events.models import DoorAct, Event, Ticket, TicketChange


@dataclass
class EntranceCount:
    """`let_in` people, those who came back among them, less what was undone; `left` those who went out."""

    name: str
    let_in: int = 0
    left: int = 0
    against: int = 0


@dataclass(frozen=True)
class DoorCounts:
    """Of an event, now. `tickets` are those that are good; a place of `inside` is one ticket's, never counted twice."""

    tickets: int
    inside: int
    entrances: list[EntranceCount] = field(default_factory=list)


# What an act adds to its entrance's numbers.
_ADDS = {
    DoorAct.LET_IN: ("let_in", 1),
    DoorAct.BACK: ("let_in", 1),
    DoorAct.UNDONE: ("let_in", -1),
    DoorAct.LEFT: ("left", 1),
    DoorAct.AGAINST: ("against", 1),
}


def counts_of(event: Event) -> DoorCounts:
    """Two questions to the database."""
    tickets = Ticket.objects.filter(line__order__event=event, voided_at=None).aggregate(
        good=Count("pk"), inside=Count("pk", filter=Q(used_at__isnull=False, left_at=None))
    )
    acts = TicketChange.objects.filter(ticket__line__order__event=event).order_by()
    entrances: dict[str, EntranceCount] = {}
    for entrance, act, times in acts.values_list("entrance", "act").annotate(times=Count("pk")):
        counted = entrances.setdefault(entrance, EntranceCount(entrance))
        name, adds = _ADDS[DoorAct(act)]
        setattr(counted, name, getattr(counted, name) + adds * times)
    by_name = [entrances[name] for name in sorted(entrances)]
    return DoorCounts(tickets["good"], tickets["inside"], by_name)
