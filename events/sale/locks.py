"""The order in which everything about a purchase is locked, so that nobody waits in a circle.

1. The account's row: whatever one account holds, orders, pays or gives back happens one after another.
2. Prices of standing areas (or of a section whose best seats are wanted), by id: their seats are dealt in turn.
3. Seats, by the unique constraint on occupied seats, inserted in the order of their prices' ids, then their own; each
   insert shares its price's key, so that a section cannot leave the sale meanwhile.

4. An order's or a payment's own row, as its state changes (`models/transitions.py`).

Whoever changes what is on sale, or counts it, locks the event, then its room, its plan and its prices by id; a price
that is to go is not waited for, because a buyer who has it locked is taking seats there. No buyer locks an event.

No transaction locks two accounts. SQLite needs none of this: its transactions take the write lock as they begin.
"""

from django.contrib.auth.models import User


def lock_account(account_id: int) -> None:
    """Wait for the account's turn; kept until the transaction ends. Raises User.DoesNotExist."""
    # NO KEY: orders that refer to the account may be written meanwhile.
    User.objects.select_for_update(no_key=True).values_list("pk").get(pk=account_id)
