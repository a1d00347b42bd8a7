"""The decision at a protected path: in, or an answer instead; the gate and the middleware are its two doors."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from channels.db import database_sync_to_async
from django.apps import apps
from django.db import DatabaseError

from waitingroom import answers, configure, cookies
from waitingroom.answers import Answer
from waitingroom.known import RoomFacts, known
from waitingroom.redis import LineUnavailable, pipe
from waitingroom.room import Phase, Place, Room, SettingsMissing, View, enter_call
from waitingroom.visits import Visit

log = logging.getLogger(__name__)
T = TypeVar("T")

VIEW_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Admission:
    """What the site's own pages know of their visitor: `request.admission`."""

    room: str
    visitor: str
    phase: Phase
    queue_number: int


@dataclass(frozen=True, slots=True)
class Decision:
    """On to the site with an admission, or the answer instead; and the cookies either way."""

    admission: Admission
    answer: Answer | None = None
    cookies: list[str] = field(default_factory=list)


async def facts_of(slug: str) -> RoomFacts | None:
    """What the database says of the room; None if there is none. Raises DatabaseError if it never said anything yet."""
    if not known.fresh:
        await database_sync_to_async(known.refresh)()
    return known.get(slug)


async def decide(visit: Visit, facts: RoomFacts) -> Decision:
    """Ask Redis, once, and decide.

    Every failure of Redis ends here: the retrying page, or straight in where the room says so.
    """
    if facts.account_required and not visit.is_account:
        return Decision(Admission(visit.room, visit.visitor, Phase.NONE, 0), answers.sign_in(visit))
    try:
        if visit.polls:
            return await _standing(visit)
        return await _entry(visit)
    except LineUnavailable as error:
        log.debug("no answer for %s: %s", visit.room, error)
        nowhere = Admission(visit.room, visit.visitor, Phase.NONE, 0)
        return Decision(nowhere) if facts.fail_open else Decision(nowhere, await answers.unavailable(visit))


async def _standing(visit: Visit) -> Decision:
    room = Room(visit.room)
    view = await restored(visit.room, lambda: room.look(visit.visitor))
    # The curve costs ten times what the look does, so polls share it.
    pace = await _views.of(visit.room)
    return Decision(Admission(visit.room, visit.visitor, Phase.NONE, 0), await answers.standing(view, pace.forecast))


async def _entry(visit: Visit) -> Decision:
    async def enter() -> Place:
        return Place.read(await pipe().run(enter_call(visit.room, visit.visitor, joins=visit.safe)))

    place = await restored(visit.room, enter)
    admission = Admission(visit.room, visit.visitor, place.phase, place.queue_number)
    headers = cookies.headers_for(visit, place)
    if place.phase is Phase.ACTIVE:
        return Decision(admission, None, headers)
    if place.phase is Phase.CLOSED:
        return Decision(admission, await answers.closed(visit), headers)
    if not visit.safe:
        return Decision(admission, answers.not_inside(visit), headers)
    view = await _views.of(visit.room)
    return Decision(admission, await answers.waiting(visit, place, view), headers)


async def restored(slug: str, ask: Callable[[], Awaitable[T]]) -> T:
    """What `ask` says; where Redis lost the room's settings, they are written again from the database first."""
    try:
        return await ask()
    except SettingsMissing:
        pass
    try:
        await database_sync_to_async(_restore)(slug)
        return await ask()
    except (SettingsMissing, DatabaseError) as error:
        raise LineUnavailable(f"no settings for {slug}") from error


def _restore(slug: str) -> None:
    configure.put_in_force(apps.get_model("waitingroom", "WaitingRoom").objects.filter(slug=slug))


class Views:
    """The rooms' pace as seen a moment ago, for estimates; a crowd asks once."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, View]] = {}
        self._asking: dict[tuple[str, asyncio.AbstractEventLoop], asyncio.Task[View]] = {}

    async def of(self, slug: str) -> View:
        """The room's pace, at most VIEW_SECONDS old. Raises LineUnavailable."""
        kept = self._kept.get(slug)
        if kept is not None and time.monotonic() - kept[0] < VIEW_SECONDS:
            return kept[1]
        key = (slug, asyncio.get_running_loop())
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.ensure_future(self._ask(slug))
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        return await asyncio.shield(task)

    async def _ask(self, slug: str) -> View:
        view = await restored(slug, Room(slug).look)
        self._kept[slug] = (time.monotonic(), view)
        return view


_views = Views()
