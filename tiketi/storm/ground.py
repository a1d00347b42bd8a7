"""What must be so before a storm may begin, and how long it may take."""

import json
import math
import resource

from tiketi.storm import contract, exchange
from tiketi.storm.habits import Habits
from tiketi.storm.site import Site
from waitingroom.admission import status
from waitingroom.errors import LineUnavailable
from waitingroom.models import Mode, WaitingRoom
from waitingroom.status import RoomStatus

MOST_FILES = 20_000  # in one process; kinder to the machine than its limit may be
SPARE_FILES = 1_000  # for pages under way, Redis and the terminal
PURCHASE_S = 5.0  # beside a stay, of who buys at a busy site
STANDING = {Mode.PAUSED, Mode.DRAINING, Mode.CLOSED}


class CannotStorm(Exception):
    """Why a storm makes no sense here, in one line."""


def find_room(slug: str) -> tuple[WaitingRoom, RoomStatus]:
    """The room and how it stands; raises CannotStorm."""
    room = WaitingRoom.objects.filter(slug=slug).first()
    if room is None:
        known = ", ".join(WaitingRoom.objects.values_list("slug", flat=True)[:20])
        raise CannotStorm(f"no waiting room {slug!r}; there are: {known or 'none; run seed_demo first'}")
    if room.mode in STANDING:
        raise CannotStorm(f"the waiting room {slug} is {room.mode}: nobody would get in; open it first")
    try:
        (now,) = status([slug])
    except LineUnavailable as error:
        raise CannotStorm(f"Redis does not answer: {error}") from error
    return room, now


def make_room_for(sockets: int) -> None:
    """Let this process hold so many sockets at once; raises CannotStorm where the system does not allow it."""
    needed = sockets + SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if needed > allowed:
        raise CannotStorm(
            f"{sockets:,} sockets at once are more than this process may open ({allowed - SPARE_FILES:,})"
        )
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


async def knock(site: Site, slug: str) -> None:
    """See that the site is there and knows the room, joining nobody; raises CannotStorm."""
    try:
        answer = await exchange.ask(site, "GET", contract.peek(slug), {"Accept": "application/json"})
        said = json.loads(answer.body)["status"]
    except (OSError, exchange.Unanswered) as error:
        raise CannotStorm(f"nobody answers at {site.origin}; is the site running? ({error})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CannotStorm(f"{site.origin} answers {answer.status}, and not as this site would") from error
    if said not in {"none", "active"}:
        raise CannotStorm(f"{site.origin} says that the waiting room {slug} is {said}")


def patience_s(visitors: int, arrive_in: float, habits: Habits, now: RoomStatus, *, buys: bool) -> float:
    """A generous time limit: three times what the room's own pace needs, and two minutes."""
    inside_s = habits.stay + (PURCHASE_S if buys else 0)
    turnover = max(now.threshold, 1) / max(inside_s, 1.0)
    servers = now.admission_per_minute / 60 or math.inf
    return 120 + 3 * (arrive_in + inside_s + (visitors + now.waiting) / min(turnover, servers))
