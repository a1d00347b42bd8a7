"""Finding a ticket whose code cannot be read: by order number, email or name, at one event."""

import unicodedata

from django.db.models import Q

from events.door.keyboards import keys_of
from events.door.not_admitted import Foreign, NobodyFound
from events.door.recognised import whole
from events.models import Event, Order, Ticket

MIN_LETTERS = 2  # Korean names have as few
MAX_LETTERS = 120
MAX_FOUND = 50


def tickets_by(words: str, event: Event) -> list[Ticket]:
    """The event's tickets of an order number, of an email or its beginning, or of a name: fifty at most.

    Raises Foreign where the words are the number of another event's order, NobodyFound where they find nothing.
    """
    words = unicodedata.normalize("NFC", " ".join(words.replace("\0", "").split()))  # a Mac types Hangul in parts
    number = keys_of(words).upper().replace("-", "").replace(" ", "")
    if not MIN_LETTERS <= len(words) <= MAX_LETTERS:
        raise NobodyFound
    if order := Order.objects.filter(number=number).select_related("event").first():
        if order.event_id != event.pk:
            raise Foreign(order.event)
        said = Q(line__order=order)
    else:
        said = Q(line__order__account__email__istartswith=words)
        for word in words.split():
            said |= Q(line__order__account__first_name__icontains=word)
            said |= Q(line__order__account__last_name__icontains=word)
    found = whole().filter(said, line__order__event=event).select_related("line__order__account")
    if not (tickets := list(found.order_by("line__order__number", "line__seat")[:MAX_FOUND])):
        raise NobodyFound
    return tickets
