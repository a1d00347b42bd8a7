"""All checks at once, each in a thread of its own and no longer than its time: what hangs is a line, not a hang."""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as TooLong
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils.module_loading import import_string
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from scaling import pins, store
from scaling.cloud import CloudUnavailable
from scaling.configuration import BadConfiguration
from scaling.fleet import FleetUnreadable
from scaling.in_force import configuration
from scaling.openings import all_rooms, window_of, windows
from scaling.preflight import account, fleet, sale
from scaling.preflight.findings import Check, Level, Sale
from scaling.recording import NothingRecorded, last_sale
from waitingroom.errors import LineUnavailable

log = logging.getLogger(__name__)

# All of them together, since they run side by side; two of AWS's calls that hang fit in.
SECONDS = 12.0
EXPECTED = (CloudUnavailable, BadConfiguration, FleetUnreadable, LineUnavailable, RedisError, DatabaseError, OSError)


class NoSuchRoom(ValueError):
    """No waiting room has that name."""


@dataclass(frozen=True)
class Line:
    """One finding of one check, in the language of who asked."""

    check: str
    level: Level
    text: str
    todo: str

    def as_json(self) -> dict[str, Any]:
        """The same for machines."""
        return asdict(self)


def checks() -> Mapping[str, Check]:
    """Every check by its name: the fleet's, and those that the site brings (settings.PREFLIGHT_CHECKS)."""
    return {**sale.CHECKS, **fleet.CHECKS, **account.CHECKS, **import_string(settings.PREFLIGHT_CHECKS)}


def preflight(slug: str) -> list[Line]:
    """What was found, a line each. Raises NoSuchRoom, DatabaseError, RedisError."""
    subject = sale_of(slug)
    answers = {name: _asked(check, subject) for name, check in checks().items()}
    deadline = time.monotonic() + SECONDS
    lines: list[Line] = []
    for name, answer in answers.items():
        try:
            found = answer.result(max(0.0, deadline - time.monotonic()))
        except TooLong:
            found = [(Level.UNKNOWN, _("no answer"), _("Ask again; if it stays so, see why it hangs."))]
        except CancelledError:
            found = [(Level.UNKNOWN, _("the check itself failed"), _("The log has the traceback."))]
        lines += [Line(name, *one) for one in found]
    return lines


def sale_of(slug: str) -> Sale:
    """The sale to check. Raises NoSuchRoom, DatabaseError, RedisError."""
    c, rooms, now = configuration(), all_rooms(), store.now()
    room = next((room for room in rooms if room.slug == slug), None)
    if room is None:
        raise NoSuchRoom(f"there is no waiting room '{slug}'; `manage.py waitingroom list` names them")
    expected = room.prewarm.expected_visitors if hasattr(room, "prewarm") else None
    if expected is None:
        try:
            expected = sum(visitors for _at, visitors in last_sale(slug))
        except NothingRecorded:
            expected = None
    return Sale(room, c, pins.in_force(now), window_of(c, room), windows(c, rooms), expected, now)


def _asked(check: Check, subject: Sale) -> "Future[list[tuple[Level, str, str]]]":
    answer: Future[list[tuple[Level, str, str]]] = Future()
    language = get_language()

    def run() -> None:
        try:
            with override(language):
                answer.set_result([(one.level, str(one.text), str(one.todo)) for one in check(subject)])
        except EXPECTED as error:
            answer.set_result([(Level.UNKNOWN, str(error), "")])
        finally:
            connections.close_all()
            answer.cancel()  # does nothing to an answer that came

    # A pool's threads are waited for when the process ends; a hanging one must not hold that up.
    threading.Thread(target=run, name="preflight", daemon=True).start()
    return answer


def spoils(lines: Sequence[Line]) -> bool:
    """Whether anything must be mended before the sale."""
    return any(line.level is Level.FAULT for line in lines)
