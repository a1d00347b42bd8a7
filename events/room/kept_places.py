"""The place in the waiting room of who buys: kept as long as seats are held, given back when the purchase is over."""

import logging
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from events.models import Hold
from waitingroom import admission
from waitingroom.errors import LineUnavailable
from waitingroom.reasons import Reason

log = logging.getLogger(__name__)


def keep(slug: str, hold: Hold) -> None:
    """Once the transaction is committed: the place lasts as long as the hold does.

    Said again by each page of the purchase: what Redis did not hear, or lost, it hears then.
    """
    left_ms = int((hold.expires_at - timezone.now()).total_seconds() * 1000)
    if hold.visitor and left_ms > 0:
        transaction.on_commit(lambda: _keep(slug, hold.visitor, left_ms))


def lasts_ms(slug: str, visitor: str, until: datetime) -> int:
    """At once: the place lasts until then if it can; when it ends, Unix milliseconds, or 0 where nobody knows of it."""
    left_ms = int((until - timezone.now()).total_seconds() * 1000)
    try:
        return admission.keep_place(slug, visitor, left_ms)
    except LineUnavailable as error:
        log.warning("how long a place in %s lasts is not known: %s", slug, error, extra=_whose(slug, visitor))
        return 0


def keep_no_longer(slug: str, hold: Hold) -> None:
    """Once the transaction is committed: its seats are given back, and the place idles as any other."""
    if hold.visitor:
        transaction.on_commit(lambda: _keep(slug, hold.visitor, 0))


def _keep(slug: str, visitor: str, hold_ms: int) -> None:
    try:
        admission.keep_place(slug, visitor, hold_ms)
    except LineUnavailable as error:
        log.warning("a place in %s is not known to be kept: %s", slug, error, extra=_whose(slug, visitor))


def give_back(slug: str, visitor: str, reason: Reason) -> None:
    """Once the transaction is committed. While Redis is away nothing happens: the place idles out by itself."""
    if visitor:
        transaction.on_commit(lambda: _leave(slug, visitor, reason))


def _leave(slug: str, visitor: str, reason: Reason) -> None:
    try:
        admission.leave(slug, visitor, reason)
    except LineUnavailable as error:
        log.warning("a place in %s is kept until it idles out: %s", slug, error, extra=_whose(slug, visitor))


def _whose(slug: str, visitor: str) -> dict[str, str]:
    return {"room": slug, "visitor": visitor}
