"""The record of a room's line: moved from Redis into the database by the clock, and read from both. Blocking."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction

from waitingroom import scripts
from waitingroom.errors import LineUnavailable
from waitingroom.line_figures import Admitted, Loss, Recording
from waitingroom.line_records import LineRecord, pack, unpack
from waitingroom.models import WaitingRoom
from waitingroom.redis import run_now

log = logging.getLogger(__name__)

# Entries in one answer: some milliseconds of Redis's time.
MAX_RECALLED = 500
# Counts of earlier minutes change no more, whoever is late.
SETTLED_S = 120
NOTHING = "0-0"


@dataclass
class Recalled:
    """What Redis has of a room's record."""

    epoch: str = ""  # "": Redis has none
    waiting: int = 0
    inside: int = 0
    minutes: dict[str, int] = field(default_factory=dict)
    entries: list[tuple[str, dict[bytes, bytes]]] = field(default_factory=list)  # their names, oldest first

    @property
    def admissions(self) -> list[Admitted]:
        """Who was let in from the line, in this order."""
        return [
            (int(entry[b"at"]), [int(number) for number in entry[b"in"].split(b",")])
            for _, entry in self.entries
            if b"in" in entry
        ]

    @property
    def told(self) -> dict[int, int]:
        """The waits that were told, seconds by number; the first of each."""
        found: dict[int, int] = {}
        for _, entry in self.entries:
            for one in entry[b"told"].split(b",") if b"told" in entry else ():
                number, _colon, wait_s = one.partition(b":")
                found.setdefault(int(number), int(wait_s))
        return found


def recall(room: str, epoch: str = "", after: str = NOTHING) -> Recalled:
    """All that Redis has of the record; of that epoch what came after the entry. Raises LineUnavailable."""
    found = Recalled()
    while True:
        answer: list[Any] = run_now([scripts.RECALL.call(room, epoch, after, MAX_RECALLED)])[0]
        in_force = answer[0].decode()
        if in_force != found.epoch:
            found = Recalled(in_force)
        flat = [part.decode() for part in answer[3]]
        found.waiting, found.inside = answer[1], answer[2]
        found.minutes = {name: int(count) for name, count in zip(flat[::2], flat[1::2], strict=True)}
        found.entries += [
            (name.decode(), dict(zip(fields[::2], fields[1::2], strict=True))) for name, fields in answer[4]
        ]
        if len(answer[4]) < MAX_RECALLED:
            return found
        epoch, after = in_force, found.entries[-1][0]


def move(rooms: Iterable[WaitingRoom]) -> None:
    """Move what is new of their records into the database. What fails in one room stops no other.

    Raises LineUnavailable where Redis told of none, DatabaseError.
    """
    failed: LineUnavailable | None = None
    moved = 0
    for room in rooms:
        try:
            _move(room)
            moved += 1
        except LineUnavailable as error:
            failed = error
            log.warning("the record of %s waits: %s", room.slug, error, extra={"room": room.slug})
    if failed and not moved:
        raise failed


def _move(room: WaitingRoom) -> None:
    last = LineRecord.objects.filter(room=room).defer("packed").last()
    found = recall(room.slug, last.epoch, last.until) if last else recall(room.slug)
    begins = last is None or last.epoch != found.epoch
    known = {} if last is None or begins else last.minutes
    if not found.entries and found.minutes.items() <= known.items():
        return
    until = found.entries[-1][0] if found.entries else NOTHING if last is None or begins else last.until
    try:
        with transaction.atomic():
            LineRecord.objects.create(
                room=room,
                epoch=found.epoch,
                number=0 if last is None or begins else last.number + 1,
                until=until,
                minutes=found.minutes,
                packed=pack(found.admissions, found.told),
            )
    except IntegrityError as error:  # another clock added it, or the room is gone
        log.debug("the record of %s is moved already: %s", room.slug, error)
        return
    settled = max((int(name.partition(":")[0]) for name in found.minutes), default=0) - SETTLED_S
    run_now([scripts.DISCARD.call(room.slug, found.epoch, until, settled)])


def read(room: WaitingRoom) -> Recording:
    """What is recorded of the room, up to this moment where Redis answers; nothing is moved by it."""
    tail: Recalled | None
    try:
        tail = recall(room.slug)  # before the rows: what is moved meanwhile is then found twice, and never missed
    except LineUnavailable as error:
        log.warning("the record of %s ends with what was moved: %s", room.slug, error, extra={"room": room.slug})
        tail = None
    counts: dict[tuple[str, str], int] = {}
    admissions: list[Admitted] = []
    told: dict[int, int] = {}
    losses: list[Loss] = []
    before: LineRecord | None = None
    until: dict[str, str] = {}
    for row in LineRecord.objects.filter(room=room).order_by("pk").iterator(200):
        if before and before.epoch != row.epoch:
            losses.append(Loss(before.moved_at, row.moved_at))
        before, until[row.epoch] = row, row.until
        _add(counts, row.epoch, row.minutes)
        let_in, said = unpack(bytes(row.packed))
        admissions += let_in
        told = said | told
    if tail and tail.epoch:
        if before and before.epoch != tail.epoch:
            losses.append(Loss(before.moved_at, None))
        _add(counts, tail.epoch, tail.minutes)
        known = _order(until.get(tail.epoch, NOTHING))
        tail.entries = [entry for entry in tail.entries if _order(entry[0]) > known]
        admissions += tail.admissions
        told = tail.told | told
    by_minute: dict[int, Counter[str]] = {}
    for (_epoch, name), count in counts.items():
        minute, _, what = name.partition(":")
        by_minute.setdefault(int(minute), Counter())[what] += count
    here = (tail.waiting, tail.inside) if tail else (None, None)
    return Recording(dict(sorted(by_minute.items())), tuple(admissions), told, tuple(losses), *here)


def _add(counts: dict[tuple[str, str], int], epoch: str, minutes: Mapping[str, int]) -> None:
    """Counts only grow within an epoch: the largest is the last."""
    for name, count in minutes.items():
        counts[epoch, name] = max(count, counts.get((epoch, name), 0))


def _order(name: str) -> tuple[int, int]:
    milliseconds, _, sequence = name.partition("-")
    return int(milliseconds), int(sequence)
