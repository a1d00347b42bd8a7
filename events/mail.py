"""Telling the buyer by mail."""

import logging
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from events.models import Order, OrderState

log = logging.getLogger(__name__)

# A mail that could not be sent for so long would only confuse.
KEEP_TRYING_FOR = timedelta(days=1)


def send_confirmations() -> int:
    """Send the mails that paid orders still lack; how many. What fails is tried again at the next call."""
    since = timezone.now() - KEEP_TRYING_FOR
    unsent = Order.objects.filter(state=OrderState.PAID, mailed_at=None, made_at__gt=since)
    return sum(_confirm(order) for order in unsent.select_related("event__venue", "account"))


def _confirm(order: Order) -> bool:
    # Claimed first: of two workers one sends.
    if not Order.objects.filter(pk=order.pk, mailed_at=None).update(mailed_at=timezone.now()):
        return False
    if not order.account.email:
        return False
    with override(order.language):
        lines = list(order.lines.select_related("seat__section"))
        text = render_to_string(
            "events/mail/confirmation.txt", {"order": order, "lines": lines, "site": settings.SITE_ADDRESS}
        )
        subject = _("Your tickets for %(event)s") % {"event": " ".join(order.event.title.split())}
    try:
        send_mail(subject, text, None, [order.account.email])
    except (SMTPException, OSError) as error:
        log.warning("confirmation of %s waits: %s", order.number, error)
        Order.objects.filter(pk=order.pk).update(mailed_at=None)
        return False
    return True
