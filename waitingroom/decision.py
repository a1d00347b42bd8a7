"""The decision at a protected path: in, or an answer instead.

`decide` is for the gate and the middleware, `decide_now` for a server that can do without a task.
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from channels.db import database_sync_to_async
from django.db import DatabaseError

from waitingroom import answers, cookies
from waitingroom.answers import Answer
from waitingroom.known import RoomFacts, known
from waitingroom.redis import LineUnavailable
from waitingroom.room import Manner, Phase, Place, Room, Standing, View
from waitingroom.shells import Shell, at_hand, shell
from waitingroom.sight import RoomGone, restored, views
from waitingroom.slips import ADMITTED
from waitingroom.visits import Visit

log = logging.getLogger(__name__)


class Admission(NamedTuple):
    """What the site's own pages know of their visitor: `request.admission`."""

    room: str
    visitor: str
    phase: Phase
    queue_number: int


class Decision(NamedTuple):
    """On to the site with an admission, or the answer instead; and the cookies either way."""

    admission: Admission
    answer: Answer | None = None
    cookies: Sequence[bytes] = ()


async def facts_of(slug: str) -> RoomFacts | None:
    """What the database says of the room; None if there is none. Raises DatabaseError if it never said anything yet."""
    if not known.fresh:
        await database_sync_to_async(known.refresh)()
    return known.get(slug)


async def decide(
    room: str, visit_of: Callable[[str], Visit], failure: LineUnavailable | None = None
) -> Decision | None:
    """Ask Redis, once, and decide; None where there is no such room. `visit_of` reads the visit to the room's slug.

    Every failure of Redis (`failure`, if it was asked before) or the database ends here: the retrying page, or straight
    in where the room says so.
    """
    try:
        facts = await facts_of(room)
    except DatabaseError as error:
        log.warning("no word from the database on %s: %s", room, error)
        visit = visit_of(room)
        return Decision(_nowhere(visit), await answers.unavailable(visit))
    if facts is None:
        return None
    visit = visit_of(facts.slug)
    if visit.oversized:
        return Decision(_nowhere(visit), answers.too_many_cookies(visit))
    if facts.account_required and not visit.is_account:
        return Decision(_nowhere(visit), answers.sign_in(visit))
    try:
        if failure is not None:
            raise failure
        return await (_standing(visit) if visit.polls else _entry(visit))
    except RoomGone:
        return None
    except LineUnavailable as error:
        log.debug("no answer for %s: %s", visit.room, error)
        # Named all the same: if Redis did take the visitor in, the next try finds that place instead of a second one.
        named = [] if visit.polls else cookies.name_for(visit)
        return Decision(_nowhere(visit), None if facts.fail_open else await answers.unavailable(visit), named)


def _nowhere(visit: Visit) -> Admission:
    return Admission(visit.room, visit.visitor, Phase.NONE, 0)


async def _standing(visit: Visit) -> Decision:
    room = Room(visit.room)
    standing = await restored(visit.room, lambda: room.standing(visit.visitor))
    return _stands(visit, standing, await views.of(visit.room))


async def _entry(visit: Visit) -> Decision:
    room, manner = Room(visit.room), _manner(visit)
    place = await restored(visit.room, lambda: room.enter(visit.visitor, manner))
    if place.phase is Phase.CLOSED:
        page = None if visit.wants_json else await shell("closed", visit.room, visit.language)
        return _enters(visit, place, answers.closed(visit, page))
    if place.phase is Phase.ACTIVE or not visit.safe:
        return _enters(visit, place, None if place.phase is Phase.ACTIVE else answers.not_inside(visit))
    page = None if visit.wants_json else await shell("waiting", visit.room, visit.language)
    return _enters(visit, place, answers.waiting(visit, place, await views.of(visit.room), page))


Told = Callable[[Decision | Exception | None], None]


def decide_now(visit: Visit, facts: RoomFacts, told: Told) -> bool:
    """Decide without a coroutine, where all but the place is at hand: `told` gets the decision.

    Returns False, having done nothing, where `decide` must be awaited. `told` gets a LineUnavailable, a SettingsMissing
    or None where it must after all: who is new by then may have a place, under the visit's name.
    """
    if not visit.safe or visit.oversized or (facts.account_required and not visit.is_account):
        return False
    view = views.at_hand(visit.room)
    page = None if visit.wants_json else at_hand("waiting", visit.room, visit.language)
    lacking = view is None or (page is None and not visit.wants_json)
    if lacking and (visit.slip is None or visit.slip.kind != ADMITTED):  # who is inside needs neither
        return False
    room = Room(visit.room)
    if visit.polls:
        room.ask_standing(visit.visitor, partial(_told_standing, visit, view, told))
    else:
        room.ask_enter(visit.visitor, _manner(visit), partial(_told_place, visit, view, page, told))
    return True


def _told_standing(visit: Visit, view: View | None, told: Told, standing: Standing | Exception) -> None:
    if isinstance(standing, Exception):
        told(standing)
    else:
        told(None if view is None else _stands(visit, standing, view))


def _told_place(visit: Visit, view: View | None, page: Shell | None, told: Told, place: Place | Exception) -> None:
    if isinstance(place, Exception):
        told(place)
    elif place.phase is Phase.ACTIVE:
        told(_enters(visit, place, None))
    elif place.phase is Phase.CLOSED:
        page = None if visit.wants_json else at_hand("closed", visit.room, visit.language)
        at_once = visit.wants_json or page is not None
        told(_enters(visit, place, answers.closed(visit, page)) if at_once else None)
    elif view is None or (page is None and not visit.wants_json):
        told(None)
    else:
        told(_enters(visit, place, answers.waiting(visit, place, view, page)))


def _manner(visit: Visit) -> Manner:
    if not visit.safe:
        return Manner.STAY
    return Manner.JOIN if visit.known or visit.asked else Manner.NEW


def _stands(visit: Visit, standing: Standing, view: View) -> Decision:
    return Decision(_nowhere(visit), answers.standing(standing, view))


def _enters(visit: Visit, place: Place, answer: Answer | None) -> Decision:
    admission = Admission(visit.room, visit.visitor, place.phase, place.queue_number)
    return Decision(admission, answer, cookies.headers_for(visit, place))
