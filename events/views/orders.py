"""An account's own orders and tickets; somebody else's are not found."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from events.door.asked import name_of
from events.door.codes import WINDOW_S, qr_svg
from events.door.typed_codes import numbered_tickets, typed_code
from events.mail import resending
from events.models import Fee, Order, OrderState, PaymentState
from events.models.door import door_of
from events.payments import registry
from events.payments.attempts import start_payment
from events.sale import more_time
from events.sale.cancelling import cancel_as_asked, tickets_in
from events.sale.holds import live_hold_of
from events.sale.refunding import left_of, lines_named, quote
from events.sale.refusals import FeeChanged, Refused, TooLate
from events.views.answers import for_accounts, refuse
from events.views.payments import leads_to_providers

ORDERS_A_PAGE = 20


def orders_of(account: User) -> QuerySet[Order]:
    """The account's orders with what their pages show."""
    return Order.objects.filter(account=account).select_related("event__venue").prefetch_related("lines")


@require_safe
@for_accounts
def orders(request: HttpRequest, account: User) -> HttpResponse:
    """My tickets: the orders, latest first."""
    page = Paginator(orders_of(account), ORDERS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "events/orders.html", {"orders": page})


@never_cache  # a page from the browser's own store would count by an old clock
@require_safe
@leads_to_providers
@for_accounts
def order(request: HttpRequest, account: User, number: str) -> HttpResponse:
    """One order: where it stands, what may be done."""
    found = get_object_or_404(orders_of(account).select_related("hold"), number=number)
    found.account = account
    payments = list(found.payments.all())
    page = {
        "order": found,
        "event": found.event,
        "hold": (hold := live_hold_of(found)),
        "more_until": more_time.more_until(found.event, hold),
        "may_send": resending.may_be_sent(found),
        "may_cancel": found.may_be_cancelled(),
        "refunded": [p for p in payments if p.refunded_won or p.left_won],
        "returned": found.refunds.aggregate(back_won=Sum("back_won"), fee_won=Sum("fee_won")),
        "failed": payments[0] if payments and payments[0].state == PaymentState.FAILED else None,
        "under_way": any(p.state == PaymentState.STARTED for p in payments),
        "asking": any(p.state == PaymentState.STARTED and p.returned_at for p in payments),
        "providers": registry.choices(),
    }
    return render(request, "events/order.html", page)


@require_safe
@for_accounts
def ask_to_cancel(request: HttpRequest, account: User, number: str) -> HttpResponse:
    """What cancelling gives back and takes away, before it does."""
    found = get_object_or_404(orders_of(account), number=number)
    if not found.may_be_cancelled():
        return refuse(request, TooLate(), found.get_absolute_url())
    left = left_of(found)
    try:
        lines = lines_named(found, tickets_in(request.GET)) if "ticket" in request.GET else left
        quoted = quote(found, lines, Fee.WAIVED if found.state == OrderState.PENDING else Fee.BY_TERMS)
    except Refused as why:
        return refuse(request, why, found.get_absolute_url())
    page = {
        "order": found,
        "quote": quoted,
        "named": [line.pk for line in lines],
        "left": [] if found.state == OrderState.PENDING or len(left) < 2 else left,
        "until": found.cancelling_ends(),
    }
    return render(request, "events/cancel.html", page)


@require_POST
@for_accounts
def cancel(request: HttpRequest, account: User, number: str) -> HttpResponse:
    """Give the order up, or tickets of it, as the page before was agreed to."""
    found = get_object_or_404(orders_of(account), number=number)
    try:
        cancel_as_asked(found, account, request.POST)
    except FeeChanged as why:
        named = {"ticket": request.POST.getlist("ticket")}
        page = reverse("events:ask-to-cancel", args=[number])
        return refuse(request, why, f"{page}?{urlencode(named, doseq=True)}" if named["ticket"] else page)
    except Refused as why:
        return refuse(request, why, found.get_absolute_url())
    kept = found.state == OrderState.PAID
    messages.success(request, _("The tickets were cancelled.") if kept else _("The order was cancelled."))
    return redirect(found)


@require_POST
@for_accounts
def send_again(request: HttpRequest, account: User, number: str) -> HttpResponse:
    """Have the tickets sent by mail once more."""
    found = get_object_or_404(orders_of(account).select_related("account"), number=number)
    if resending.asked_by_buyer(found):
        messages.success(request, _("Your tickets are on their way to %(email)s.") % {"email": account.email})
    else:
        messages.warning(
            request, _("No mail was sent: there was one a short while ago. Look among unwanted mail, too.")
        )
    return redirect(found)


@require_POST
@for_accounts
def pay(request: HttpRequest, account: User, number: str) -> HttpResponse:
    """Go on paying an order that waits for it."""
    found = get_object_or_404(orders_of(account), number=number)
    if found.state != OrderState.PENDING:
        return redirect(found)
    try:
        payment = start_payment(found, request.POST.get("provider", ""), request.build_absolute_uri("/")[:-1])
    except Refused as why:
        return refuse(request, why, found.get_absolute_url())
    return redirect(payment.address)


@never_cache
@require_safe
@for_accounts
def tickets(request: HttpRequest, account: User, number: str) -> HttpResponse:
    """All tickets of an order, to show or to print."""
    return _tickets(request, account, get_object_or_404(_orders_with_event(account), number=number))


@never_cache
@require_safe
@for_accounts
def ticket(request: HttpRequest, account: User, serial: str) -> HttpResponse:
    """One ticket."""
    found = get_object_or_404(_orders_with_event(account), lines__ticket__serial=serial)
    return _tickets(request, account, found, serial)


def _orders_with_event(account: User) -> QuerySet[Order]:
    return Order.objects.filter(account=account).select_related("event__venue")


def _tickets(request: HttpRequest, account: User, order: Order, serial: str | None = None) -> HttpResponse:
    """The order's tickets, or the one of that serial."""
    order.account = account
    whole = numbered_tickets(order)
    if not whole:
        raise Http404
    door = door_of(order.event)
    shown = [
        {
            "ticket": ticket,
            "number": number,
            "typed": None if door.moving_codes else typed_code(ticket, number),
            "qr": None if door.moving_codes else qr_svg(ticket, door),
        }
        for number, ticket in whole
        if serial in (None, ticket.serial)
    ]
    page = {"tickets": shown, "order": order, "of": len(whole), "name": name_of(whole[0][1]), "window_s": WINDOW_S}
    return render(request, "events/tickets.html", page)
