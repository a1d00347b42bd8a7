"""The decision at a protected path: in, or an answer instead.

`decide` is for the gate and the middleware, `decide_now` for a server that can do without a task.
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from waitingroom import answers, cookies
from waitingroom.answers import Answer
from waitingroom.errors import LineUnavailable, RoomGone, RoomsUnknown
from waitingroom.page_cache import PageTemplate, cached, page_template
from waitingroom.place import Phase, Place
from waitingroom.room import JoinIntent, Room
from waitingroom.room_cache import snapshots, with_settings_restored
from waitingroom.room_registry import RoomConfig, room_registry
from waitingroom.slips import ADMITTED
from waitingroom.snapshot import Snapshot
from waitingroom.visits import Visit

log = logging.getLogger(__name__)


class Admission(NamedTuple):
    """What the site's own pages know of their visitor: `request.admission`."""

    room: str
    visitor: str
    phase: Phase
    queue_number: int
    expires_ms: int = 0  # of an active visitor's place, Unix milliseconds; else 0


class Decision(NamedTuple):
    """On to the site with an admission, or the answer instead; and the cookies either way."""

    admission: Admission
    answer: Answer | None = None
    cookies: Sequence[bytes] = ()


async def decide(
    room: str, visit_of: Callable[[str], Visit], failure: LineUnavailable | None = None
) -> Decision | None:
    """Ask Redis, once, and decide; None where there is no such room. `visit_of` reads the visit to the room's slug.

    Every failure of Redis (`failure`, if it was asked before) ends here: the retrying page, or straight in where the
    room says so. So does a database that does not say whether there is such a room: the retrying page.
    """
    try:
        config = await room_registry.find(room)
    except RoomsUnknown as error:
        log.debug("no word from the database on %s", error)
        visit = visit_of(room)
        return Decision(_nowhere(visit), await answers.unavailable(visit))
    if config is None:
        return None
    visit = visit_of(config.slug)
    if visit.oversized:
        return Decision(_nowhere(visit), answers.too_many_cookies(visit))
    if config.account_required and not visit.is_account:
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
        return Decision(_nowhere(visit), None if config.fail_open else await answers.unavailable(visit), named)


def _nowhere(visit: Visit) -> Admission:
    return Admission(visit.room, visit.visitor, Phase.NONE, 0)


async def _standing(visit: Visit) -> Decision:
    room = Room(visit.room)
    standing = await with_settings_restored(visit.room, lambda: room.standing(visit.visitor))
    return _standing_decision(visit, standing, await snapshots.get(visit.room))


async def _entry(visit: Visit) -> Decision:
    room, intent = Room(visit.room), _intent(visit)
    place = await with_settings_restored(visit.room, lambda: room.enter(visit.visitor, intent))
    if place.phase is Phase.CLOSED:
        page = None if visit.wants_json else await page_template(_closed_page(place), visit.room, visit.language)
        return _entry_decision(visit, place, answers.closed(visit, place, await snapshots.get(visit.room), page))
    if place.phase is Phase.ACTIVE or not visit.safe:
        return _entry_decision(visit, place, None if place.phase is Phase.ACTIVE else answers.not_inside(visit))
    page = None if visit.wants_json else await page_template("waiting", visit.room, visit.language)
    return _entry_decision(visit, place, answers.waiting(visit, place, await snapshots.get(visit.room), page))


Callback = Callable[[Decision | Exception | None], None]


def decide_now(visit: Visit, config: RoomConfig, callback: Callback) -> bool:
    """Decide without a coroutine, where all but the place is at hand: `callback` gets the decision.

    Returns False, having done nothing, where `decide` must be awaited. `callback` gets a LineUnavailable, a
    SettingsMissing or None where it must after all: who is new by then may have a place, under the visit's name.
    """
    if not visit.safe or visit.oversized or (config.account_required and not visit.is_account):
        return False
    snapshot = snapshots.remembered(visit.room)
    page = None if visit.wants_json else cached("waiting", visit.room, visit.language)
    lacking = snapshot is None or (page is None and not visit.wants_json)
    if lacking and (visit.slip is None or visit.slip.kind != ADMITTED):  # who is inside needs neither
        return False
    room = Room(visit.room)
    if visit.polls:
        room.ask_standing(visit.visitor, partial(_told_standing, visit, snapshot, callback))
    else:
        room.ask_enter(visit.visitor, _intent(visit), partial(_told_place, visit, snapshot, page, callback))
    return True


def _told_standing(visit: Visit, snapshot: Snapshot | None, callback: Callback, standing: Place | Exception) -> None:
    if isinstance(standing, Exception):
        callback(standing)
    else:
        callback(None if snapshot is None else _standing_decision(visit, standing, snapshot))


def _told_place(
    visit: Visit, snapshot: Snapshot | None, page: PageTemplate | None, callback: Callback, place: Place | Exception
) -> None:
    if isinstance(place, Exception):
        callback(place)
    elif place.phase is Phase.ACTIVE:
        callback(_entry_decision(visit, place, None))
    elif place.phase is Phase.CLOSED:
        page = None if visit.wants_json else cached(_closed_page(place), visit.room, visit.language)
        if snapshot is None or (page is None and not visit.wants_json):
            callback(None)
        else:
            callback(_entry_decision(visit, place, answers.closed(visit, place, snapshot, page)))
    elif snapshot is None or (page is None and not visit.wants_json):
        callback(None)
    else:
        callback(_entry_decision(visit, place, answers.waiting(visit, place, snapshot, page)))


def _closed_page(place: Place) -> str:
    return "waiting" if place.queue_number else "closed"


def _intent(visit: Visit) -> JoinIntent:
    if not visit.safe:
        return JoinIntent.STAY
    return JoinIntent.JOIN if visit.known or visit.asked else JoinIntent.NEW


def _standing_decision(visit: Visit, standing: Place, snapshot: Snapshot) -> Decision:
    return Decision(_nowhere(visit), answers.standing(standing, snapshot))


def _entry_decision(visit: Visit, place: Place, answer: Answer | None) -> Decision:
    admission = Admission(visit.room, visit.visitor, place.phase, place.queue_number, place.expires_ms)
    return Decision(admission, answer, cookies.headers_for(visit, place))
