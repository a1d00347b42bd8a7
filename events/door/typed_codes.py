"""What is typed at the door where a ticket's picture is not read: the order's number, which of its tickets, a proof."""

import hashlib
import hmac
import re

from events.door.keyboards import keys_of
from events.door.not_admitted import Foreign
from events.door.recognised import whole
from events.models import Event, Order, Ticket
from events.models.order import LETTERS

# Who has one ticket of an order knows its number, and must not have the others by that: the proof is of the ticket.
PROOF_LETTERS = 4
_TYPED = re.compile(rf"(?P<order>[{LETTERS}]{{12}})(?P<number>[1-9][0-9]?)(?P<proof>[{LETTERS}]{{{PROOF_LETTERS}}})")


def numbered(order: Order) -> dict[int, int]:
    """Which of the order's tickets each is, from 1, by its key; those that were cancelled since keep their number."""
    keys = Ticket.objects.filter(line__order=order).order_by("line__seat", "pk").values_list("pk", flat=True)
    return {key: number for number, key in enumerate(keys, 1)}


def numbered_tickets(order: Order) -> list[tuple[int, Ticket]]:
    """As `numbered`, with each ticket and its line."""
    tickets = list(Ticket.objects.filter(line__order=order).select_related("line").order_by("line__seat", "pk"))
    for ticket in tickets:
        ticket.line.order = order
    return list(enumerate(tickets, 1))


def typed_code(ticket: Ticket, number: int) -> str:
    """In groups, as it is printed: ABCD-EFGH-JKLM-2-NPQR."""
    order = ticket.line.order.number
    return "-".join([*(order[i : i + 4] for i in range(0, len(order), 4)), str(number), _proof(ticket)])


def ticket_typed(text: str, event: Event) -> Ticket | None:
    """The event's ticket of such a code, on whatever keyboard and in whatever groups it was typed; None for none.

    Raises Foreign for a ticket of another event.
    """
    typed = _TYPED.fullmatch(letters_of(text[:60]))
    if typed is None:
        return None
    order = Order.objects.filter(number=typed["order"]).select_related("event__venue").first()
    numbers = numbered(order) if order else {}
    key = next((key for key, number in numbers.items() if str(number) == typed["number"]), None)
    ticket = whole().filter(pk=key).first() if key else None
    if order is None or ticket is None or not hmac.compare_digest(_proof(ticket), typed["proof"]):
        return None
    if order.event_id != event.pk:
        raise Foreign(order.event)
    return ticket


def _proof(ticket: Ticket) -> str:
    """Letters that only who has seen the ticket knows: its serial is in nobody's hands but its owner's."""
    digest = hashlib.sha256(f"typed code|{ticket.serial}".encode()).digest()
    return "".join(LETTERS[byte % len(LETTERS)] for byte in digest[:PROOF_LETTERS])


def letters_of(text: str) -> str:
    """A code without its groups, on whatever keyboard it was typed."""
    return re.sub(r"[\s-]", "", keys_of(text)).upper()
