"""How far a draw is, and what of it is one visitor's: what pages, staff and commands tell."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from waitingroom.draw.errors import BadDraw
from waitingroom.draw.ranks import ranks_of
from waitingroom.draw.roster import entry_id, nonce_of, plain_identity
from waitingroom.draw.rule import LEAD, Identity
from waitingroom.draw.sources import Drand, Local, Party, Source
from waitingroom.draw_people import identities
from waitingroom.draw_plan import announced, plan_of
from waitingroom.draw_records import (
    Draw,
    DrawClosing,
    DrawEntry,
    DrawGivenUp,
    DrawnLine,
    DrawResult,
    DrawReveal,
    entries_of,
)
from waitingroom.draw_steps import roster_of
from waitingroom.models import OpeningOrder, WaitingRoom


class DrawStage(StrEnum):
    """What was done last, or what went wrong."""

    PLANNED = "planned"  # nothing is signed yet
    ENTERING = "entering"
    ENDED = "ended"  # entries have; the roster is being closed
    CLOSED = "closed"
    SEEDED = "seeded"  # the ranks are known
    DRAWN = "drawn"  # and those who have them stand in line
    LATE = "late"  # the sale should be open, and a source is silent
    VOID = "void"  # not closed in time: chance may have been known
    GIVEN_UP = "given-up"


@dataclass(frozen=True)
class AwaitedSource:
    """One source of the rule, or of the plan."""

    name: str
    kind: str  # drand, party, local
    at: datetime | None  # when it speaks, where that is known
    told: bool

    @classmethod
    def read(cls, source: Source, *, told: bool) -> "AwaitedSource":
        """As the rule has it."""
        kind = {Drand: "drand", Party: "party", Local: "local"}[type(source)]
        return cls(source.name, kind, source.at if isinstance(source, Drand) else None, told)


@dataclass(frozen=True)
class DrawState:
    """A draw as everybody may see it."""

    room: str
    stage: DrawStage
    gathers_at: datetime
    closes_at: datetime
    opens_at: datetime | None
    by_email: bool
    sources: tuple[AwaitedSource, ...]
    entries: int = 0
    size: int = 0  # of the closed roster
    root: str = ""  # hexadecimal digits; from the closing on
    closed_at: datetime | None = None
    seed: str = ""
    opened_us: int = 0  # what the numbers in line count down from
    why: str = ""  # it was given up
    key: str = ""

    @property
    def untrusted(self) -> bool:
        """Whether this machine alone draws the chance."""
        return any(source.kind == "local" for source in self.sources)

    @property
    def fingerprint(self) -> str:
        """The root, as two people compare it on the telephone."""
        return " ".join(self.root[i : i + 4] for i in range(0, 32, 4))

    @property
    def awaited(self) -> list[AwaitedSource]:
        """The sources that are still silent."""
        return [source for source in self.sources if not source.told]


def draw_state(room: WaitingRoom, now: datetime | None = None) -> DrawState | None:
    """The room's draw; None where there is none, and none is planned. Raises BadDraw for tampered rows."""
    now = now or timezone.now()
    draw = announced(room)
    if draw is None:
        return _planned(room)
    rule = draw.rule
    closing = DrawClosing.objects.filter(draw=draw).first()
    result = DrawResult.objects.filter(closing=draw.pk).first()
    line = DrawnLine.objects.filter(result=draw.pk).first()
    given_up = DrawGivenUp.objects.filter(draw=draw).first()
    told = set(DrawReveal.objects.filter(closing=draw.pk).values_list("source", flat=True))
    open_by_now = room.opens_at is not None and now >= room.opens_at
    drand = [source.at for source in rule.sources if isinstance(source, Drand)]
    if given_up:
        stage = DrawStage.GIVEN_UP
    elif result:
        stage = DrawStage.DRAWN if line else DrawStage.SEEDED
    elif closing:
        stage = DrawStage.LATE if open_by_now else DrawStage.CLOSED
    elif any(now > at - LEAD for at in drand):
        stage = DrawStage.VOID
    else:
        stage = DrawStage.ENTERING if now < rule.closes_at else DrawStage.ENDED
    return DrawState(
        draw.room,
        stage,
        rule.opens_at,
        rule.closes_at,
        room.opens_at,
        rule.identity is Identity.EMAIL,
        tuple(AwaitedSource.read(source, told=i in told) for i, source in enumerate(rule.sources)),
        draw.entries.count(),
        closing.checkpoint.size if closing else 0,
        closing.checkpoint.root.hex() if closing else "",
        closing.closed_at if closing else None,
        result.seed if result else "",
        line.opened_us if line else 0,
        given_up.why if given_up else "",
        draw.key,
    )


def _planned(room: WaitingRoom) -> DrawState | None:
    if room.opening_order != OpeningOrder.DRAW or room.opens_at is None or room.gathers_at is None:
        return None
    plan = plan_of(room.slug)
    try:
        sources = plan.sources(room.opens_at)
    except ValidationError:  # staff are told on the plan's page
        sources = ()
    return DrawState(
        room.slug,
        DrawStage.PLANNED,
        room.gathers_at,
        plan.closes_at(room.opens_at),
        room.opens_at,
        room.account_required,
        tuple(AwaitedSource.read(source, told=False) for source in sources),
    )


@dataclass(frozen=True)
class OwnEntry:
    """What of a draw is one visitor's."""

    entered: bool
    at: datetime | None = None
    rank: int = 0  # once the ranks are known
    size: int = 0
    why_not: str = ""  # in a sentence, where they cannot enter or did not


def own_entry(state: DrawState, visitor: str | None) -> OwnEntry:
    """Whether the visitor is in, and where they come. Raises DrawRefused where rows are not those that were closed."""
    draw = Draw.objects.filter(room__iexact=state.room).first()
    if draw is None or not visitor:
        return OwnEntry(entered=False)
    entry = entry_of(draw, visitor, state.seed)
    if entry is None:
        return OwnEntry(entered=False, why_not=_why_not(draw, state, visitor))
    if not state.seed:
        return OwnEntry(entered=True, at=entry.at)
    ranks = _ranks(draw.pk, state.seed)
    return OwnEntry(entered=True, at=entry.at, rank=ranks[entry.entry], size=len(ranks))


def entry_of(draw: Draw, visitor: str, seed: str) -> DrawEntry | None:
    """The visitor's entry; of two, the one that comes first, once the ranks are known ("": no seed).

    Raises DrawRefused where rows are not those that were closed.
    """
    entries = list(entries_of(draw, visitor))
    if len(entries) > 1 and seed:
        ranks = _ranks(draw.pk, seed)
        return min(entries, key=lambda one: ranks[one.entry])
    return entries[0] if entries else None


def _why_not(draw: Draw, state: DrawState, visitor: str) -> str:
    if state.stage is not DrawStage.ENTERING:
        return _("You came after entries had ended, so you stand behind those who were drawn.")
    rule = draw.rule
    try:
        plain = plain_identity(rule.identity, identities(rule.identity, [visitor])[visitor])
    except BadDraw:
        return _("Your account has no e-mail address by which an entry could be made.")
    entry = entry_id(rule, nonce_of(bytes.fromhex(draw.nonce_secret), plain), plain).hex()
    if DrawEntry.objects.filter(draw=draw, entry=entry).exists():
        return _("This e-mail address has entered already, from another account.")
    return _("Your entry is being taken. Keep the event's page open for some seconds.")


@lru_cache(maxsize=4)
def _ranks(draw: int, seed: str) -> dict[str, int]:
    # Of 10,000 the order takes 60 ms: once in each process, not once for each who asks.
    ids = roster_of(Draw.objects.get(pk=draw)).ids
    return {one.hex(): rank for one, rank in zip(ids, ranks_of(bytes.fromhex(seed), ids), strict=True)}
