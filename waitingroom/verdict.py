"""Pure: the verdict on a visit, in or an answer instead; what it needs and was not given, it names."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple

from waitingroom import answers, cookies
from waitingroom.answers import Answer
from waitingroom.conf import conf
from waitingroom.errors import TooManyNewcomers, WaitingRoomError, WorkMissing
from waitingroom.opening import Stage
from waitingroom.page_cache import PageTemplate
from waitingroom.place import Phase, Place
from waitingroom.room_registry import RoomConfig
from waitingroom.slips import WAITING
from waitingroom.snapshot import Snapshot
from waitingroom.visits import Passing, Visit, shows, watches


class Admission(NamedTuple):
    """What the site's own pages know of their visitor: `request.admission`."""

    room: str
    visitor: str
    phase: Phase
    queue_number: int
    expires_ms: int = 0  # of an active visitor's place, Unix milliseconds; else 0
    called: bool = False  # it was their turn: the first request of who waited in line until now


class Decision(NamedTuple):
    """On to the site with an admission, or the answer instead; and the cookies either way."""

    admission: Admission
    answer: Answer | None = None
    cookies: Sequence[bytes] = ()


class Missing(StrEnum):
    """What a verdict needs; a page by its template's name."""

    PLACE = "place"
    SNAPSHOT = "snapshot"
    WAITING_PAGE = "waiting"
    RECOVERING_PAGE = "recovering"
    GATHERING_PAGE = "gathering"
    CLOSED_PAGE = "closed"
    UNAVAILABLE_PAGE = "unavailable"
    PREVIEW_PAGE = "preview"
    WORK_PAGE = "work"
    ELSEWHERE_PAGE = "elsewhere"


# A page's template by its name, the room and the language, if there is one.
Pages = Callable[[str, str, str], PageTemplate | None]


def verdict(
    visit: Visit, config: RoomConfig, place: Place | WaitingRoomError | None, snapshot: Snapshot | None, pages: Pages
) -> Decision | Missing | None:
    """What becomes of the visit, or the one thing that is missing to say so; None where the page is everybody's.

    `place` is where the visitor stands, for a poll as `look` found it; or why nobody can say. Every failure of Redis,
    and a database that does not say whether there is such a room, ends here: in the retrying page, or straight in where
    the room says so.
    """
    if visit.oversized:
        return Decision(_nowhere(visit), answers.too_many_cookies(visit))
    if isinstance(place, Place) and place.takes_nobody and (conf.WAITINGROOM_SHOWN or place.stage is Stage.EARLY):
        if not visit.wants_json:
            return _shown(visit, pages)
        if place.stage is Stage.EARLY:
            announced = answers.early(place, config.opening) if visit.safe else answers.not_inside(visit)
            return Decision(_nowhere(visit), announced)
    if visit.passing:
        return _passing(visit, pages)
    if config.account_required and not visit.is_account:
        return Decision(_nowhere(visit), answers.sign_in(visit))
    if place is None:
        return Missing.PLACE
    if isinstance(place, TooManyNewcomers):
        return _too_many(visit, pages)
    if isinstance(place, WorkMissing):
        return _work(visit, config, snapshot, pages)
    if not isinstance(place, Place):
        return _unavailable(visit, config, pages)
    if visit.polls:
        if snapshot is None:
            return Missing.SNAPSHOT
        return Decision(_nowhere(visit), answers.standing(visit, place, snapshot), cookies.spent(visit, place))
    if visit.gives_up:
        if place.phase is not Phase.NONE:
            return Decision(_nowhere(visit), answers.stayed(visit, place))
        return Decision(_nowhere(visit), answers.gave_up(visit), cookies.spent(visit, place))
    phase = place.phase
    if phase is Phase.ACTIVE:
        return _entered(visit, place, answers.taken(visit) if visit.takes else None)
    if phase is Phase.ELSEWHERE:
        page = None if visit.wants_json else pages(Missing.ELSEWHERE_PAGE, visit.room, visit.language)
        told = page or visit.wants_json
        return _entered(visit, place, answers.elsewhere(visit, page)) if told else Missing.ELSEWHERE_PAGE
    if phase is Phase.NONE and visit.safe and watches(visit.path):
        return _entered(visit, place, answers.not_inside(visit))
    if phase is Phase.NONE and visit.method == "HEAD":  # which joins nobody
        return _passing(visit, pages)
    if phase is Phase.NONE and visit.safe and config.work_tries:  # who was here before would have a place
        return _work(visit, config, snapshot, pages)
    if phase is not Phase.CLOSED and not visit.safe:
        return _entered(visit, place, answers.not_inside(visit))
    # Of a room that closed since the last look nobody knows yet why.
    if snapshot is None or (phase is Phase.CLOSED and snapshot.mode != place.mode):
        return Missing.SNAPSHOT
    page = None
    if not visit.wants_json:
        name = _page_of(place)
        page = pages(name, visit.room, visit.language)
        if page is None:
            return name
    answer = answers.closed if phase is Phase.CLOSED else answers.waiting
    return _entered(visit, place, answer(visit, place, snapshot, page))


def _page_of(place: Place) -> Missing:
    if place.gathers:
        return Missing.GATHERING_PAGE
    if not place.queue_number:
        return Missing.CLOSED_PAGE
    recovers = place.recovering_s and place.phase is not Phase.CLOSED
    return Missing.RECOVERING_PAGE if recovers else Missing.WAITING_PAGE


def _unavailable(visit: Visit, config: RoomConfig, pages: Pages) -> Decision | Missing:
    # Named all the same: if Redis did take the visitor in, the next try finds that place instead of a second one.
    named = () if visit.polls else cookies.name_for(visit)
    if config.fail_open and not visit.is_lines_own:
        return Decision(_nowhere(visit), None, named)
    page = None if visit.wants_json else pages(Missing.UNAVAILABLE_PAGE, visit.room, visit.language)
    if page is None and not visit.wants_json:
        return Missing.UNAVAILABLE_PAGE
    return Decision(_nowhere(visit), answers.unavailable(visit, page), named)


def _too_many(visit: Visit, pages: Pages) -> Decision | Missing:
    # Not named: a name is what there are too many of.
    page = None if visit.wants_json else pages(Missing.UNAVAILABLE_PAGE, visit.room, visit.language)
    if page is None and not visit.wants_json:
        return Missing.UNAVAILABLE_PAGE
    return Decision(_nowhere(visit), answers.too_many_newcomers(visit, page))


def _work(visit: Visit, config: RoomConfig, snapshot: Snapshot | None, pages: Pages) -> Decision | Missing | None:
    if snapshot is None:
        return Missing.SNAPSHOT
    if snapshot.stage is Stage.EARLY:
        place = Place(Phase.NONE, 0, 0, snapshot.mode, stage=Stage.EARLY, opens_in_ms=snapshot.opens_in_ms)
        return verdict(visit, config, place, snapshot, pages)
    takes_nobody = snapshot.mode in ("closed", "draining")
    if takes_nobody and conf.WAITINGROOM_SHOWN and not visit.wants_json:
        return _shown(visit, pages)
    name = Missing.CLOSED_PAGE if takes_nobody else Missing.WORK_PAGE
    page = None if visit.wants_json else pages(name, visit.room, visit.language)
    if page is None and not visit.wants_json:
        return name
    if takes_nobody:
        place = Place(Phase.CLOSED, 0, snapshot.total, snapshot.mode)
        answer = answers.closed(visit, place, snapshot, page)
        return Decision(Admission(visit.room, visit.visitor, Phase.CLOSED, 0), answer)
    return Decision(_nowhere(visit), answers.work(visit, config.work_tries, page))


def _shown(visit: Visit, pages: Pages) -> Decision | Missing | None:
    """While nobody can line up: the page that everybody may read, and from what lies behind it the way there."""
    if visit.safe and shows(visit.path):
        return None
    if conf.WAITINGROOM_SHOWN or not visit.safe:
        return Decision(_nowhere(visit), answers.not_inside(visit))
    return _preview(visit, pages)


def _passing(visit: Visit, pages: Pages) -> Decision | Missing:
    if visit.wants_json or visit.passing is Passing.PREFETCHES:
        return Decision(_nowhere(visit), answers.passing(visit))
    return _preview(visit, pages)


def _preview(visit: Visit, pages: Pages) -> Decision | Missing:
    page = pages(Missing.PREVIEW_PAGE, visit.room, visit.language)
    return Missing.PREVIEW_PAGE if page is None else Decision(_nowhere(visit), answers.preview(visit, page))


def _nowhere(visit: Visit) -> Admission:
    return Admission(visit.room, visit.visitor, Phase.NONE, 0)


def _entered(visit: Visit, place: Place, answer: Answer | None) -> Decision:
    called = place.phase is Phase.ACTIVE and visit.slip is not None and visit.slip.kind == WAITING
    admission = Admission(visit.room, visit.visitor, place.phase, place.queue_number, place.expires_ms, called)
    return Decision(admission, answer, cookies.headers_for(visit, place))
