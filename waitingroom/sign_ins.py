"""Which accounts' sign-ins have ended: their visitor cookies count no more, however many copies there are.

A sign-in's name is `generation-token`: the token is the session's, the generation the account's own. Signing out ends
one sign-in; a new password, or an account that staff close, ends the whole generation. No clock decides.
The database keeps what ended, every process what it said a moment ago: the gate waits for nobody.
"""

import logging
import secrets
import threading
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import DatabaseError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from waitingroom.blocking import BlockingThread

log = logging.getLogger(__name__)

# Ended sign-ins as (visitor, name), and the generation in force of each visitor.
Known = tuple[set[tuple[str, str]], dict[str, int]]

# An account's cookie counts for so long; what ended before is of no use to anybody.
ACCOUNT_DAYS = 7
KEPT = timedelta(days=ACCOUNT_DAYS + 1)
FRESH_SECONDS = 0.9
# What a transaction wrote may be seen so much later.
OVERLAP = timedelta(seconds=60)
READ_WHOLE_SECONDS = 3600.0


def _table() -> Any:
    return apps.get_model("waitingroom", "EndedSignIn").objects


class SignIns:
    """What ended within `KEPT`, as the database said a moment ago; any thread may ask."""

    def __init__(self) -> None:
        self._thread = BlockingThread("waitingroom-sign-ins")
        self._lock = threading.Lock()
        self._forget()

    def forget(self) -> None:
        """Know nothing, as a new process: nor what a question that is still under way will be answered."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        self._life = object()
        self._generations: dict[str, int] = {}  # visitor to the generation in force
        self._ended: set[tuple[str, str]] = set()
        self._news: set[str] = set()
        self._read_until: datetime | None = None
        self._whole_at = self._fresh_until = 0.0
        self._asking = False

    def has_ended(self, visitor: str, sign_in: str) -> bool:
        """Whether the account's sign-in counts no more."""
        generation = self._generations.get(visitor)
        if generation is not None and int(sign_in.partition("-")[0]) < generation:
            return True
        return (visitor, sign_in) in self._ended

    def begin(self, visitor: str) -> str:
        """The name of a new sign-in; blocks. Raises DatabaseError."""
        generation = _table().filter(visitor=visitor, sign_in="").values_list("generation", flat=True).first()
        return f"{generation or 0}-{secrets.token_hex(6)}"

    def end(self, visitor: str, sign_in: str) -> None:
        """One browser signed out; blocks. Raises DatabaseError."""
        _table().update_or_create(visitor=visitor, sign_in=sign_in, defaults={"at": Now()})
        _table().filter(at__lt=timezone.now() - KEPT).exclude(sign_in="").delete()
        with self._lock:
            self._note([(visitor, sign_in, 0)])

    def end_all(self, visitor: str) -> None:
        """None of the account's sign-ins counts any more; blocks. Raises DatabaseError."""
        with transaction.atomic():
            row, _ = _table().get_or_create(visitor=visitor, sign_in="", defaults={"at": Now()})
            _table().filter(pk=row.pk).update(generation=F("generation") + 1, at=Now())
            row.refresh_from_db(fields=["generation"])
        with self._lock:
            self._note([(visitor, "", row.generation)])

    def take_news(self) -> set[str]:
        """The accounts of which something ended since the last call."""
        with self._lock:
            news, self._news = self._news, set()
        return news

    def freshen(self) -> None:
        """Have the database asked, unless it just was, or is yet to answer; nobody waits."""
        if not self._asking and time.monotonic() > self._fresh_until:
            self._asking = True
            self._thread.submit(self._ask)

    def _ask(self) -> None:
        life = self._life
        try:
            self._read(life)
        except DatabaseError as error:
            log.debug("the database does not say which sign-ins ended: %s", error)
        finally:
            if life is self._life:
                self._fresh_until = time.monotonic() + FRESH_SECONDS
                self._asking = False

    def _read(self, life: object) -> None:
        now = time.monotonic()
        whole = now > self._whole_at or self._read_until is None
        since = timezone.now() - KEPT if whole or self._read_until is None else self._read_until - OVERLAP
        with self._lock:
            before: Known = (set(self._ended), dict(self._generations)) if whole else (set(), {})
        rows = list(_table().filter(at__gt=since).values_list("visitor", "sign_in", "generation", "at"))
        with self._lock:
            if life is not self._life:
                return
            self._note(row[:3] for row in rows)
            if whole:  # now and then, so that what is too old is forgotten
                self._whole_at = now + READ_WHOLE_SECONDS
                self._drop(before, rows)
            self._read_until = max((row[3] for row in rows), default=self._read_until)

    def _drop(self, before: Known, rows: Iterable[tuple[Any, ...]]) -> None:
        """What was known before and is not among the rows any more; not what ended while they were read."""
        named = {(row[0], row[1]) for row in rows}
        self._ended -= before[0] - named
        for visitor, generation in before[1].items():
            if (visitor, "") not in named and self._generations.get(visitor) == generation:
                del self._generations[visitor]

    def _note(self, rows: Iterable[tuple[str, str, int]]) -> None:
        for visitor, sign_in, generation in rows:
            if sign_in and (visitor, sign_in) not in self._ended:
                self._ended.add((visitor, sign_in))
                self._news.add(visitor)
            elif not sign_in and generation > self._generations.get(visitor, 0):
                self._generations[visitor] = generation
                self._news.add(visitor)


sign_ins = SignIns()
