"""What was received, paid back and kept: one arithmetic for every list of money."""

from dataclasses import dataclass

from django.db.models import Case, F, IntegerField, OuterRef, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from events.models import Order, OrderState, Payment, PaymentState
from events.models.payment import BOUGHT_NOTHING
from events.payments.registry import choices

# Of a payment: what has yet to go back, also where a server of the release before said so by the state alone.
DUE = Case(
    When(owed_won__gt=F("refunded_won"), then=F("owed_won") - F("refunded_won")),
    When(state=PaymentState.REFUND_DUE, owed_won=0, then=F("received_won") - F("refunded_won")),
    default=Value(0),
    output_field=IntegerField(),
)
KEPT = F("received_won") - F("refunded_won") - DUE
# The channel of what cost nothing, and of what nobody paid.
FREE, UNPAID = "free", ""


@dataclass(frozen=True)
class Books:
    """Won; received = refunded + due + kept."""

    received: int
    refunded: int
    due: int
    kept: int


def books_of(payments: QuerySet[Payment]) -> Books:
    """The sums of the payments."""
    # Where more went back than came, the books stay the provider's.
    found = payments.aggregate(received=Sum("received_won"), refunded=Sum("refunded_won"), due=Sum(DUE), kept=Sum(KEPT))
    return Books(**{name: won or 0 for name, won in found.items()})


def with_books(orders: QuerySet[Order]) -> QuerySet[Order]:
    """The orders with `received`, `refunded`, `due` and `kept` of all their payments, in won."""
    sums = {"received": F("received_won"), "refunded": F("refunded_won"), "due": DUE, "kept": KEPT}
    of_order = Payment.objects.filter(order=OuterRef("pk")).order_by().values("order")
    return orders.annotate(
        **{
            name: Coalesce(Subquery(of_order.annotate(won=Sum(amount)).values("won")), 0)
            for name, amount in sums.items()
        }
    )


def channel_of(order: str) -> Case:
    """By whom the order (at the path `order`, as "line__order") was paid: a provider's name, FREE or UNPAID."""
    paid = Payment.objects.filter(order=OuterRef(order), received_won__gt=0).exclude(trouble__in=BOUGHT_NOTHING)
    prefix = "" if order == "pk" else f"{order}__"
    return Case(
        When(
            **{f"{prefix}total_won": 0, f"{prefix}state__in": (OrderState.PAID, OrderState.CANCELLED)}, then=Value(FREE)
        ),
        default=Coalesce(Subquery(paid.order_by("pk").values("provider")[:1]), Value(UNPAID)),
    )


def channel_name(name: str) -> str:
    """A channel in words."""
    if name == FREE:
        return _("free: nothing to pay")
    return str(choices().get(name, name)) if name != UNPAID else UNPAID
