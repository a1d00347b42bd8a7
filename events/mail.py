"""Telling the buyer by mail."""

import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from events.models import Order, OrderChange, OrderState

log = logging.getLogger(__name__)

# A mail about a payment of so long ago would only confuse.
KEEP_TRYING_FOR = timedelta(days=1)
MAX_IN_A_RUN = 200


def send_confirmations() -> int:
    """Write the mails that paid orders still lack; how many. What fails is tried again at the next call."""
    since = timezone.now() - KEEP_TRYING_FOR
    paid = OrderChange.objects.filter(state=OrderState.PAID, at__gt=since).values("order")
    unsent = Order.objects.filter(pk__in=paid, state=OrderState.PAID, mailed_at=None).exclude(account__email="")
    written = 0
    for order in unsent.select_related("event__venue", "account").order_by("made_at")[:MAX_IN_A_RUN]:
        try:
            written += _confirm(order)
        except Exception as error:  # whatever it is, it is this order's alone
            log.warning("confirmation of %s waits: %r", order.number, error)
    return written


@transaction.atomic
def _confirm(order: Order) -> bool:
    """Write the confirmation and remember it, both or neither."""
    if not Order.objects.filter(pk=order.pk, mailed_at=None).update(mailed_at=timezone.now()):
        return False  # of two workers one writes
    with override(order.language):
        lines = list(order.lines.filter(refund=None).select_related("seat__section"))
        text = render_to_string(
            "events/mail/confirmation.txt", {"order": order, "lines": lines, "site": settings.SITE_ADDRESS}
        )
        subject = _("Your tickets for %(event)s") % {"event": " ".join(order.event.title.split())}
    send_mail(subject, text, None, [order.account.email])
    return True


def put(kind: str, order: Order) -> None:
    """Hand the buyer's letter `kind` over, in the caller's transaction and the order's language; none without address.

    The subject is the first line of `events/mail/<kind>.txt`.
    """
    if not order.account.email:
        return
    with override(order.language):
        told = {"order": order, "event": order.event, "site": settings.SITE_ADDRESS}
        subject, text = render_to_string(f"events/mail/{kind}.txt", told).strip().split("\n", 1)
    send_mail(" ".join(subject.split()), text.strip() + "\n", None, [order.account.email])
