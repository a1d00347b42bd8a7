"""The decision at a protected path: two ways to what a verdict needs.

`decide` awaits it, for the gate and the middleware; `decide_now` makes do with what is at hand, for a server that can
do without a task, and hands over to `settle`, which asks nothing twice.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from waitingroom import answers, slips, work
from waitingroom.errors import (
    LineUnavailable,
    RoomGone,
    RoomsUnknown,
    SettingsMissing,
    TooManyNewcomers,
    WaitingRoomError,
    WorkMissing,
)
from waitingroom.newcomers import newcomers
from waitingroom.opening import Stage
from waitingroom.page_cache import PageTemplate, cached, page_template
from waitingroom.place import Phase, Place
from waitingroom.promises import promises
from waitingroom.reasons import Reason
from waitingroom.redis_clock import redis_clock
from waitingroom.room import JoinIntent, Room
from waitingroom.room_cache import snapshots, with_settings_restored
from waitingroom.room_registry import RoomConfig, room_registry
from waitingroom.sign_ins import sign_ins
from waitingroom.snapshot import Snapshot
from waitingroom.verdict import Admission, Decision, Missing, verdict
from waitingroom.visits import Visit, shows, watches

log = logging.getLogger(__name__)

DRAWING = (JoinIntent.NEW, JoinIntent.NEW_IN_LINE)
JOINING = (*DRAWING, JoinIntent.JOIN, JoinIntent.JOIN_IN_LINE)


class Case(NamedTuple):
    """A visit that is not decided yet, and what Redis said of it, if it was asked."""

    visit: Visit
    config: RoomConfig
    place: Place | WaitingRoomError | None = None


async def decide(room: str, visit_of: Callable[[str], Visit]) -> Decision | None:
    """Ask Redis, once, and decide; None where there is no such room. `visit_of` reads the visit to the room's slug."""
    sign_ins.freshen()  # where no hub does
    try:
        config = await room_registry.find(room)
    except RoomsUnknown as error:
        log.debug("no word from the database on %s", error)
        return await settle(Case(visit_of(room), RoomConfig(room, account_required=False, fail_open=False), error))
    if config is not None:
        return await settle(Case(visit_of(config.slug), config))
    return _waits_out_of_sight(visit_of(room)) if room_registry.hides(room) else None


def _waits_out_of_sight(visit: Visit) -> Decision | None:
    """The site's 404 would tell a page that waits that its event was deleted; to who has no slip it is the answer."""
    if not visit.polls or visit.proof is None:
        return None
    return Decision(Admission(visit.room, visit.visitor, Phase.CLOSED, 0), answers.out_of_sight())


async def settle(case: Case) -> Decision | None:
    """Await what is missing, and decide; None where the page is everybody's, or the room is no more."""
    visit, config, place = case
    place = place or _known(visit, config)
    snapshot: Snapshot | None = None
    made: dict[str, PageTemplate] = {}
    while isinstance(found := verdict(visit, config, place, snapshot, lambda name, *_: made.get(name)), Missing):
        try:
            if found is Missing.PLACE:
                place = await _place(visit, config)
            elif found is Missing.SNAPSHOT:
                if snapshot is None or not isinstance(place, Place):
                    snapshot = await snapshots.get(visit.room)
                else:  # it was older than the closing
                    snapshot = await snapshots.asked(visit.room)
                    place = place._replace(mode=snapshot.mode)
            else:
                made[found] = await page_template(found, visit.room, visit.language)
        except RoomGone:
            return None
        except LineUnavailable as error:
            log.debug("no answer for %s: %s", visit.room, error)
            place = error
    if isinstance(place, Place):
        promises.note(visit, place, snapshot)
    return found


async def _place(visit: Visit, config: RoomConfig) -> Place | WaitingRoomError:
    room = Room(visit.room)
    if visit.polls:
        return await _standing(room, visit)
    if visit.gives_up:
        return await _gives_up(room, visit)
    question = _question(visit, config)
    if isinstance(question, WaitingRoomError):
        return question
    try:
        return await with_settings_restored(visit.room, lambda: room.enter(visit.visitor, *question))
    except WorkMissing as error:  # handed in before
        return error


async def _gives_up(room: Room, visit: Visit) -> Place:
    """Out of the line; but still in it where the other line takes nobody, and inside who is inside by now."""
    there = room_registry.get(visit.goes_to)
    if visit.goes_to and (there is None or there.closed):
        return Place(Phase.WAITING, 0, 0, "")
    slip = slips.presented(visit.slip)
    left = await with_settings_restored(visit.room, lambda: room.leave_line(visit.visitor, slip))
    if left == Phase.ACTIVE:
        return Place(Phase.ACTIVE, 0, 0, "")
    return Place(Phase.NONE, 0, 0, "", reason=Reason.LEFT)


def _question(visit: Visit, config: RoomConfig) -> tuple[JoinIntent, str] | WaitingRoomError:
    """How the visitor comes and what they bring; or why Redis is not asked about this newcomer.

    Whoever brings a genuine cookie is never one too many; but only a place, a slip or an account spares the work.
    """
    intent = _intent(visit)
    brought = slips.presented(visit.slip)
    if config.work_tries and intent in JOINING and not visit.is_account:
        if done := work.done(visit.solution, config.slug):
            brought = done
        elif visit.known:
            intent = JoinIntent.STAY
        else:
            return WorkMissing()
    if intent in DRAWING and not newcomers.admits(visit.network):
        newcomers.count_refused(config.slug)
        return TooManyNewcomers()
    return intent, brought


async def _standing(room: Room, visit: Visit) -> Place:
    place = await with_settings_restored(visit.room, lambda: room.standing(visit.visitor))
    if place.is_outside and visit.proof is not None:
        slip = slips.presented(visit.proof)
        if await with_settings_restored(visit.room, lambda: room.take_back(visit.visitor, slip)):
            return await room.standing(visit.visitor)
    return place


def decide_now(visit: Visit, config: RoomConfig, callback: Callable[[Decision | Case | None], None]) -> None:
    """Decide without a coroutine: `callback` gets what `settle` would say, or the case to settle."""
    known = _known(visit, config)
    found = verdict(visit, config, known, snapshots.remembered(visit.room) if known else None, cached)
    if not isinstance(found, Missing):  # nobody needs to ask Redis
        callback(found)
    elif found is not Missing.PLACE:
        callback(Case(visit, config, known))
    elif visit.gives_up:
        callback(Case(visit, config))
    elif visit.polls:
        Room(visit.room).ask_standing(visit.visitor, partial(_told, visit, config, callback))
    elif isinstance(question := _question(visit, config), WaitingRoomError):
        _told(visit, config, callback, question)
    else:
        Room(visit.room).ask_enter(visit.visitor, *question, partial(_told, visit, config, callback))


def _told(
    visit: Visit, config: RoomConfig, callback: Callable[[Decision | Case | None], None], said: Place | WaitingRoomError
) -> None:
    place = None if isinstance(said, SettingsMissing) else said  # then Redis did nothing, and is asked anew
    if visit.polls and visit.held and isinstance(place, Place) and place.is_outside:
        place = None  # Redis may have forgotten who has a slip
    snapshot = snapshots.remembered(visit.room)
    found = verdict(visit, config, place, snapshot, cached)
    if isinstance(place, Place) and not isinstance(found, Missing):
        promises.note(visit, place, snapshot)
    callback(Case(visit, config, place) if isinstance(found, Missing) else found)


def _known(visit: Visit, config: RoomConfig) -> Place | None:
    """Where the visitor stands without a word of Redis's: nowhere, before the gathering, and reading of a closed sale.

    Who has a slip may have a place all the same.
    """
    if visit.held:
        return None
    if config.opening.gathers_us and config.opening.is_early(now_us := redis_clock.now_us()):
        return Place(Phase.NONE, 0, 0, "", stage=Stage.EARLY, opens_in_ms=config.opening.opens_in_ms(now_us))
    if config.closed and visit.safe and not visit.wants_json and shows(visit.path):
        return Place(Phase.CLOSED, 0, 0, "closed")
    return None


def _intent(visit: Visit) -> JoinIntent:
    if watches(visit.path) or visit.method == "HEAD":  # nobody sees a page: an admission is not taken up by it
        return JoinIntent.WATCH
    if visit.method != "GET":
        return JoinIntent.TAKE if visit.takes else JoinIntent.STAY
    if room_registry.database_is_away:  # inside there would be nothing but the page that retries
        return JoinIntent.JOIN_IN_LINE if visit.known else JoinIntent.NEW_IN_LINE
    return JoinIntent.JOIN if visit.known else JoinIntent.NEW
