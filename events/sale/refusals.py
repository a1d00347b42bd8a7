"""What can stand between an account and its tickets, one sentence each."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.moments import second


class Refused(Exception):
    """Nothing was changed; `str()` says why, in the page's language, and `code` says it to machines."""

    code = "refused"


class NotYourPlace(Refused):
    """The place that the gate let this request in by is another's."""

    code = "not-your-place"

    def __str__(self) -> str:
        return _("The place this browser came in by is not your account's. Nothing was changed; please try again.")


class BadPick(Refused):
    """The request names no seats, the same seat twice, or something that is no seat of this event."""

    code = "bad-pick"

    def __str__(self) -> str:
        return _("Please pick seats of this event, each once.")


class SeatTaken(Refused):
    """Somebody else holds or owns some of the seats."""

    code = "taken"

    def __init__(self, seats: Sequence[str]) -> None:
        self.seats = list(seats)
        super().__init__(self.seats)

    def __str__(self) -> str:
        if not self.seats:
            return _("That many are not left there. Please pick others.")
        return _("Somebody was faster: %(seats)s. None of your seats was held; please pick others.") % {
            "seats": "; ".join(self.seats)
        }


class NotTogether(Refused):
    """That many neighbours are not free there."""

    code = "not-together"

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(count)

    def __str__(self) -> str:
        said = _("%(count)d seats side by side are not free here.")
        return said % {"count": self.count}


class TooManySeats(Refused):
    """More than the event allows an account."""

    code = "too-many"

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(limit)

    def __str__(self) -> str:
        return ngettext(
            "Each account may have %(limit)d seat of this event, held and bought together.",
            "Each account may have %(limit)d seats of this event, held and bought together.",
            self.limit,
        ) % {"limit": self.limit}


class SalesClosed(Refused):
    """The sale has not begun, or is over."""

    code = "sales-closed"

    def __str__(self) -> str:
        return _("Seats of this event are not on sale now.")


class CalledOff(SalesClosed):
    """The show will not take place."""

    code = "cancelled"

    def __str__(self) -> str:
        return _("This show was cancelled. Nothing of it is sold any more.")


class NotInThisState(Refused):
    """What staff want is not to be had of an event in its state."""

    code = "state"

    def __init__(self, state: object) -> None:
        self.seen = state
        super().__init__(state)

    def __str__(self) -> str:
        return _("Not while the event is like this: %(state)s. Nothing was changed.") % {
            "state": getattr(self.seen, "label", self.seen)
        }


class SaleUndecided(NotInThisState):
    """What staff want is not to be had before they decide when and how the event sells."""

    code = "undecided"

    def __init__(self) -> None:
        super().__init__("undecided")

    def __str__(self) -> str:
        return _("Nobody has decided yet when and how it sells. Nothing was changed.")


class HoldExpired(Refused):
    """The account holds nothing (any more)."""

    code = "hold-expired"

    def __str__(self) -> str:
        return _("Your seats are no longer held: the time ran out. Please pick again.")


class HoldPaused(Refused):
    """The account held seats for as long as it may without buying, a moment ago."""

    code = "hold-paused"

    def __init__(self, until: datetime, zone: tzinfo) -> None:
        self.until, self.zone = until, zone
        super().__init__(until, zone)

    def __str__(self) -> str:
        said = _("Your time for holding seats ran out. You may pick seats again from %(at)s on.")
        return said % {"at": second(self.until, self.zone)}


class CompanionAlone(Refused):
    """A companion seat without a wheelchair space of its row."""

    code = "companion-alone"

    def __str__(self) -> str:
        return _("A companion seat goes with a wheelchair space in the same row. Please take both, or neither.")


class NoMoreTime(Refused):
    """The account had its extra time, or the sale or its stay inside ends first."""

    code = "no-more-time"

    def __str__(self) -> str:
        return _("There is no more time for these seats than the page shows.")


class OrderPending(Refused):
    """The account has ordered what it holds and has yet to pay."""

    code = "order-pending"

    def __str__(self) -> str:
        return _("You have an order waiting for payment. Pay it or give it up first.")


class NothingToPay(Refused):
    """The order was paid meanwhile, or is over."""

    code = "nothing-to-pay"

    def __str__(self) -> str:
        return _("This order no longer waits for a payment.")


class NoWayToPay(Refused):
    """The provider does not answer."""

    code = "provider-away"

    def __str__(self) -> str:
        return _("The payment provider does not answer right now. Nothing was charged; please try again.")


class NotTheseTickets(Refused):
    """None was named, or one that is not the order's, or was given back before."""

    code = "bad-tickets"

    def __str__(self) -> str:
        return _("Please choose tickets of this order that are still valid.")


class FeeChanged(Refused):
    """What would be given back is not what was agreed to: a day has begun since, or nobody was asked."""

    code = "fee-changed"

    def __init__(self, back_won: int, fee_won: int) -> None:
        self.back_won, self.fee_won = back_won, fee_won
        super().__init__(back_won, fee_won)

    def __str__(self) -> str:
        return _("The cancellation fee is %(fee)s won now, and %(back)s won go back. Please confirm that.") % {
            "fee": f"{self.fee_won:,}",
            "back": f"{self.back_won:,}",
        }


class NotAllowed(Refused):
    """Staff without the right to do it, or not any more now that the door has opened."""

    code = "not-allowed"

    def __str__(self) -> str:
        return _("You may not refund this. Once the door has opened, that takes a right of its own.")


class SamePerson(Refused):
    """Who asked for a refund does not confirm it."""

    code = "same-person"

    def __str__(self) -> str:
        return _("Somebody else has to confirm what you asked for.")


class RequestOver(Refused):
    """It was decided before, or nobody confirmed it in time."""

    code = "request-over"

    def __str__(self) -> str:
        return _("This was decided before, or its time ran out. Nothing was changed.")


class SumGrown(Refused):
    """More would go back than the second person was asked about."""

    code = "sum-grown"

    def __str__(self) -> str:
        return _("More would be given back now than was asked for. Please ask for it anew.")


class OtherTotal(Refused):
    """What is held costs something else than the buyer was shown: it changed in another tab or on another device."""

    code = "other-total"

    def __str__(self) -> str:
        return _("What you hold has changed since this page was shown. Nothing was ordered; please look at it again.")


class TooLate(Refused):
    """The order cannot be cancelled: the deadline passed, a ticket was used, or it is over already."""

    code = "too-late"

    def __str__(self) -> str:
        return _("This order can no longer be cancelled.")
