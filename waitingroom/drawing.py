"""The clock's work for the draws: each turn takes every draw as far as its hour allows, and never a step twice.

Any number of workers may do it, and be killed between any two lines: each step is a row that the database takes once
(draw_steps), lining up is safe to repeat (drawn_line), and the room opens only after it (`lined_up`).
"""

import logging
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.db.models import Exists, OuterRef, Q

from waitingroom import draw_steps, drawn_line, hints
from waitingroom.drand_relays import Asking
from waitingroom.draw.errors import BadDraw
from waitingroom.draw.sources import Drand, Local
from waitingroom.draw_people import MAX_AT_ONCE, identities, last_seen_ms, shown_since
from waitingroom.draw_plan import announced, plan_of
from waitingroom.draw_records import Draw, DrawClosing, DrawGivenUp, DrawnLine, DrawResult
from waitingroom.errors import AlreadyTaken, EntryRefused, WaitingRoomError
from waitingroom.models import Mode, OpeningOrder, WaitingRoom
from waitingroom.opening import microseconds
from waitingroom.redis import clock_s

log = logging.getLogger(__name__)

# The task is rung every second: whose instant comes before the next one is waited for.
MAX_WAIT_S = 1.2
# So long after the opening of a sale that is closed nobody waits for its draw any more.
STALE = timedelta(days=1)
# That enter, of one draw in one turn; the others' turn comes first.
MAX_BATCHES = 10


@dataclass
class Taken:
    """What this process knows of a draw's entries: it saves questions, and nothing depends on it."""

    next_ms: int = 0  # where the look at everybody goes on, by their signs of life
    people: set[str] = field(default_factory=set)


class Drawing:
    """One process's; any number may go on at once."""

    def __init__(self) -> None:
        self._taken: dict[int, Taken] = {}
        self._order: tuple[int, list[str]] = (0, [])  # of the draw that was done last
        self._asking = Asking()
        self._failing: dict[str, str] = {}  # room to error, as logged last

    def turn(self) -> None:
        """Every draw as far as it may go now; what fails in one stops no other. Raises DatabaseError, RedisError."""
        now = datetime.fromtimestamp(clock_s(), UTC)
        rooms = WaitingRoom.objects.filter(opening_order=OpeningOrder.DRAW, opens_at__isnull=False)
        # What was announced goes on, whatever becomes of the gathering and the sale meanwhile.
        begun = Q(Exists(Draw.objects.filter(room__iexact=OuterRef("slug"))), lined_up=False)
        due = Q(hidden=False, closed_because="", gathers_at__lte=now) | (begun & Q(opens_at__gt=now - STALE))
        failing = {}
        for room in rooms.filter(due).order_by("opens_at"):
            try:
                (self._keep if room.lined_up else self._go_on)(room, now)
            except (WaitingRoomError, BadDraw, ValidationError, DatabaseError) as error:
                failing[room.slug] = str(error)
                if self._failing.get(room.slug) != str(error):  # once, not every second
                    log.warning("the draw of %s does not go on: %s", room.slug, error, extra={"room": room.slug})
        self._failing = failing

    def _go_on(self, room: WaitingRoom, now: datetime) -> None:
        draw = announced(room) or self._announced(room)
        if DrawGivenUp.objects.filter(draw=draw).exists():
            drawn_line.note(room.slug, 0, 0)
            room.note_lined_up()
            return
        rule = draw.rule
        if not DrawClosing.objects.filter(draw=draw).exists():
            if now < rule.closes_at:
                self._take_entries(room.slug, draw)
                return
            self._close(draw)
        if not DrawResult.objects.filter(closing=draw.pk).exists() and not self._revealed(draw, now):
            return
        self._line_up(room, draw)

    def _announced(self, room: WaitingRoom) -> Draw:
        assert room.gathers_at is not None  # noqa: S101 (they were asked for)
        assert room.opens_at is not None  # noqa: S101 (the same)
        plan = plan_of(room.slug)
        closes_at, sources = plan.closes_at(room.opens_at), plan.sources(room.opens_at)
        try:
            return draw_steps.announce(room, opens_at=room.gathers_at, closes_at=closes_at, sources=sources)
        except AlreadyTaken:
            if (draw := announced(room)) is None:  # another room's, that had this name
                raise
            return draw

    def _take_entries(self, room: str, draw: Draw) -> None:
        taken = self._taken.setdefault(draw.pk, Taken())
        identity = draw.rule.identity
        batches = 0
        while batches < MAX_BATCHES:
            shown = shown_since(room, taken.next_ms)
            new = [visitor for visitor, _at in shown if visitor not in taken.people]
            if new:
                batches += 1
                answers = draw_steps.enter(room, identities(identity, new))
                # Who was refused is asked again: an address may be given meanwhile.
                taken.people |= {one for one, answer in answers.items() if not isinstance(answer, EntryRefused)}
            if len(shown) < MAX_AT_ONCE:
                taken.next_ms = 0  # from the beginning: a good-bye puts the last sign of life back, past what was read
                return
            taken.next_ms = shown[-1][1] + 1

    def _close(self, draw: Draw) -> None:
        self._taken.pop(draw.pk, None)
        try:
            draw_steps.close(draw.room)
        except AlreadyTaken:
            log.debug("the roster of %s was closed by another", draw.room)

    def _revealed(self, draw: Draw, now: datetime) -> bool:
        """Ask those sources that need nobody's word; whether all have spoken."""
        for number, source in draw_steps.missing(draw):
            given: str | None = None
            if isinstance(source, Local):
                given = draw_steps.own_chance()
            elif isinstance(source, Drand) and now >= source.at:
                given = self._asking.word_of(source)
            if given is None:
                continue
            try:
                draw_steps.reveal(draw.room, number, given)
            except AlreadyTaken:
                log.debug("%s of %s was told by another", source.name, draw.room)
        return DrawResult.objects.filter(closing=draw.pk).exists()

    def _line_up(self, room: WaitingRoom, draw: Draw) -> None:
        assert room.opens_at is not None  # noqa: S101 (they were asked for)
        order = self._entries_of(draw)
        opens_us = microseconds(room.opens_at)
        early_s = opens_us / 1e6 - clock_s()
        if early_s > MAX_WAIT_S or room.mode_in_force is Mode.CLOSED:  # then it takes place when the room reopens
            return
        if early_s > 0:
            time.sleep(early_s + 0.001)
        visitors = draw_steps.people_of(draw, order)
        # Who gathered by an earlier opening may not be back yet.
        earliest_us = min(opens_us, microseconds(draw.rule.opens_at)) if room.lost_epochs else opens_us
        line = draw_steps.line_of(draw, *drawn_line.given_out(room.slug, earliest_us))
        drawn_line.line_up(room.slug, visitors, opened_us=line.opened_us, seen_ms=last_seen_ms(room.slug, visitors))
        drawn_line.note(room.slug, sum(map(bool, visitors)), line.last_number)
        room.note_lined_up()
        log.info("%d of %s are lined up", len(visitors), room.slug, extra={"room": room.slug})

    def _keep(self, room: WaitingRoom, _now: datetime) -> None:
        """Give those who were lined up their numbers back, where Redis lost the line, or its last writes."""
        if drawn_line.is_noted(room.slug):
            return
        draw = announced(room)
        line = DrawnLine.objects.filter(result=draw.pk).first() if draw else None
        if draw is None or line is None:  # it was given up
            drawn_line.note(room.slug, 0, 0)
            return
        visitors, last_number = draw_steps.drawn(draw), line.last_number
        moved = drawn_line.remember(room.slug, visitors, opened_us=line.opened_us, last_number=last_number)
        drawn_line.note(room.slug, sum(map(bool, visitors)), last_number)
        hints.look_all(room.slug)
        log.info("Redis has the drawn line of %s again; %d came back by older numbers", room.slug, moved)

    def _entries_of(self, draw: Draw) -> list[str]:
        """As they were drawn; kept until they are lined up, since of 10,000 it takes a part of a second."""
        if self._order[0] != draw.pk:
            self._order = (draw.pk, draw_steps.order_of(draw))
        return self._order[1]


drawing = Drawing()
