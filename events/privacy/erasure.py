"""Forgetting an account: whole where it bought nothing, and in all that names it where a record has to be kept.

docs/decisions/0037-forgetting.md says which law, and for how long.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from events.accounts.places import visitor_of
from events.models import Event, EventStaff, Hold, HoldPeriod, Order, OrderState, Ticket, Why
from events.privacy.stored import tries_of
from events.sale.holds import end_hold
from events.sale.locks import lock_account
from events.sale.refusals import Refused
from waitingroom import admission
from waitingroom.errors import LineUnavailable
from waitingroom.reasons import Reason

log = logging.getLogger(__name__)


class HasTickets(Refused):
    """Tickets of shows to come would be lost with the account."""

    code = "has-tickets"

    def __str__(self) -> str:
        return _(
            "You have tickets for shows that are not over. Without the account nobody could show or refund them: "
            "cancel them first, or come back after the show."
        )


class IsStaff(Refused):
    """Staff accounts are not their bearer's to delete."""

    code = "is-staff"

    def __str__(self) -> str:
        return _("A staff account is deleted by an administrator.")


def orders_in_the_way(account: User) -> list[Order]:
    """Orders with tickets that somebody may still go in by."""
    good = Ticket.objects.filter(line__order__account=account, voided_at=None, used_at=None)
    coming = good.filter(line__order__event__called_off_at=None).select_related("line__order__event__venue")
    now = timezone.now()
    found = {
        ticket.line.order
        for ticket in coming
        if ticket.line.order.event.starts_at + timedelta(minutes=ticket.line.order.event.running_minutes) > now
    }
    return sorted(found, key=lambda order: order.pk)


def erase(account_id: int) -> None:
    """Forget the account; it is signed out everywhere, and its places in line go to others.

    Unpaid orders are given up; money that is due back goes back by the provider, who knows the payer. Raises HasTickets
    or IsStaff; then nothing was changed.
    """
    with transaction.atomic(durable=True):
        lock_account(account_id)
        account = User.objects.get(pk=account_id)
        if account.is_staff or account.is_superuser:
            raise IsStaff
        if orders_in_the_way(account):
            raise HasTickets
        for hold in Hold.objects.filter(account=account).select_related("order"):
            end_hold(hold, OrderState.ABANDONED, Why.GIVEN_UP)
        _forget_names(account)
        visitor = visitor_of(account)
        try:
            account.delete()
        except ProtectedError:  # purchases, or what was done here as staff once: the record needs its row
            _make_nameless(account)
        transaction.on_commit(lambda: _leave_lines(visitor))
    log.info("account %s was deleted at its bearer's wish", account_id)


def _forget_names(account: User) -> None:
    """Whatever calls the account by name or address, outside its own row."""
    for kept in (AccessAttempt, AccessFailureLog, AccessLog):
        kept.objects.filter(tries_of(account)).delete()
    Authenticator.objects.filter(user=account).delete()
    EmailAddress.objects.filter(user=account).delete()
    SocialAccount.objects.filter(user=account).delete()
    HoldPeriod.objects.filter(account=account).delete()
    named = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(User), object_id=str(account.pk))
    named.update(object_repr=f"account {account.pk}")
    if account.email:
        for path in settings.MAILS_FORGET:
            forget: Callable[[str], object] = import_string(path)
            forget(account.email)


def _make_nameless(account: User) -> None:
    """Only the row's number is left, so that its orders have an owner; nobody signs in by it."""
    account.username, account.email = f"erased-{uuid4().hex}", ""
    account.first_name = account.last_name = ""
    account.is_active, account.last_login = False, None
    account.set_unusable_password()  # every session of it ends
    account.save()
    account.groups.clear()
    account.user_permissions.clear()
    EventStaff.objects.filter(account=account).delete()
    Order.objects.filter(account=account).update(visitor="")


def _leave_lines(visitor: str) -> None:
    """Give up its place in every line that may still stand."""
    for slug in Event.objects.filter(starts_at__gt=timezone.now()).values_list("room__slug", flat=True):
        try:
            admission.leave(slug, visitor, Reason.LEFT)
        except LineUnavailable as error:
            log.warning("somebody stays in the line of %s until it lapses: %s", slug, error, extra={"visitor": visitor})
            return
