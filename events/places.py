"""Giving a place in the waiting room back as soon as a purchase is over, so that the next visitor enters."""

import logging

from django.db import transaction

from waitingroom import admission
from waitingroom.errors import LineUnavailable
from waitingroom.reasons import Reason

log = logging.getLogger(__name__)


def give_back(slug: str, visitor: str, reason: Reason) -> None:
    """Once the transaction is committed. While Redis is away nothing happens: the place idles out by itself."""
    if visitor:
        transaction.on_commit(lambda: _leave(slug, visitor, reason))


def _leave(slug: str, visitor: str, reason: Reason) -> None:
    try:
        admission.leave(slug, visitor, reason)
    except LineUnavailable as error:
        log.warning("%s keeps a place in %s until it idles out: %s", visitor, slug, error)
