"""Accounts and the waiting room: who signs in takes his place along, who signs out leaves it with the account."""

import logging
from typing import Any

from allauth.account.signals import password_changed
from allauth.account.views import login as allauth_login
from allauth.mfa.signals import authenticator_added, authenticator_used
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_save, pre_delete
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

from events.accounts import known_browsers, second_factor
from waitingroom import visitors
from waitingroom.errors import LineUnavailable
from waitingroom.place import Phase
from waitingroom.sign_ins import sign_ins

log = logging.getLogger(__name__)


def visitor_of(account: User) -> str:
    """The account's name in the waiting rooms."""
    return f"account-{account.pk}"


def take_place(request: HttpRequest, user: User, **_: Any) -> None:
    """The account takes over the browser's places in line. While Redis is away people may still sign in."""
    try:
        visitors.become(request, visitor_of(user))
    except LineUnavailable as error:
        log.warning("an account signs in without its places: %s", error, extra={"visitor": visitor_of(user)})


def in_own_place(request: HttpRequest, account: User) -> bool:
    """Whether the place that let this request in is the account's; a browser's is taken over here, if still there.

    Either way the browser goes on under the account's name. Without a place (outside the gate, or let in because the
    line is down) there is none to be another's.
    """
    place = getattr(request, "admission", None)
    if place is None or place.phase is not Phase.ACTIVE or place.visitor == visitor_of(account):
        return True
    try:
        # Redis says who took it: of two accounts that bring one browser's cookies, one comes in.
        return visitors.become(request, visitor_of(account)).get(place.room) == Phase.ACTIVE
    except LineUnavailable as error:
        log.warning("an account stays without a place: %s", error, extra={"visitor": visitor_of(account)})
        return False


def leave_place(request: HttpRequest, user: User | None, **_: Any) -> None:
    """The browser goes on as somebody new; copies of the account's cookie count no more."""
    visitors.forget(request, visitor_of(user) if user else None)


def end_sign_ins(instance: User, *, created: bool = False, **_: Any) -> None:
    """A new password, or an account that staff close: no cookie of before counts any more."""
    # Django's own word for "the password was set", and not merely hashed anew.
    has_new_password = getattr(instance, "_password", None) is not None
    if not created and (has_new_password or not instance.is_active):
        sign_ins.end_all(visitor_of(instance))


def end_deleted(instance: User, **_: Any) -> None:
    """An account that is no more goes on nowhere."""
    sign_ins.end_all(visitor_of(instance))


def connect() -> None:
    """Hear of every way to sign in and out, and of every new password: pages, Kakao, Naver, the admin, a shell.

    They share no other call.
    """
    user_logged_in.connect(take_place, dispatch_uid="events.accounts.places.take_place")
    user_logged_in.connect(known_browsers.remember, dispatch_uid="events.accounts.known_browsers.remember")
    authenticator_used.connect(known_browsers.remember, dispatch_uid="events.accounts.known_browsers.factor")
    authenticator_added.connect(second_factor.note_added, dispatch_uid="events.accounts.second_factor.note_added")
    user_logged_out.connect(leave_place, dispatch_uid="events.accounts.places.leave_place")
    password_changed.connect(take_place, dispatch_uid="events.accounts.places.go_on")  # in this browser
    post_save.connect(end_sign_ins, sender=User, dispatch_uid="events.accounts.places.end_sign_ins")
    pre_delete.connect(end_deleted, sender=User, dispatch_uid="events.accounts.places.end_deleted")


def login(request: HttpRequest) -> HttpResponse:
    """Sign in; who has signed in already is only made known to the waiting room, and goes on.

    An event that demands an account sends here whoever's visitor cookie is not an account's: a browser may have lost
    that cookie and kept its session.
    """
    if request.user.is_authenticated:
        take_place(request, request.user)
        return HttpResponseRedirect(_next(request))
    answer: HttpResponse = allauth_login(request)
    return answer


def _next(request: HttpRequest) -> str:
    """Where to go on; never to another site."""
    wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else "/"
