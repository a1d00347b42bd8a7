"""Accounts for a rehearsal: a storm of visitors who buy, each signed in."""

import secrets
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from events.accounts.places import visitor_of
from waitingroom import slips
from waitingroom.cookie_names import visitor_cookie

# Nobody's: a reserved domain, so that confirmations reach nobody.
DOMAIN = "rehearsal.invalid"


def sign_in(count: int) -> list[dict[str, str]]:
    """`count` new accounts without a password; of each, the cookies of a browser in which it signed in, by name."""
    run = secrets.token_hex(4)
    names = [f"rehearsal-{run}-{index}" for index in range(count)]
    User.objects.bulk_create(
        [User(username=name, email=f"{name}@{DOMAIN}", password="!" + secrets.token_hex(20)) for name in names],
        batch_size=1000,
    )
    store = SessionStore()
    until = timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    sessions, browsers = [], []
    for account in User.objects.filter(username__startswith=f"rehearsal-{run}-"):
        content = {
            SESSION_KEY: str(account.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[-1],
            HASH_SESSION_KEY: account.get_session_auth_hash(),
        }
        key = secrets.token_hex(16)
        sessions.append(Session(session_key=key, session_data=store.encode(content), expire_date=until))
        browsers.append({settings.SESSION_COOKIE_NAME: key, visitor_cookie(): slips.sign_visitor(visitor_of(account))})
    Session.objects.bulk_create(sessions, batch_size=1000)
    return browsers
