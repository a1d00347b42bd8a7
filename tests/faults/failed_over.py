"""A crowd before a web process whose Redis fails over: everybody keeps the place and reads it again."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

from redis.exceptions import RedisError

from tests.faults.test_redis_loses import ask, hears, order
from tests.patience import until
from tests.waitingroom.web import Web
from waitingroom import admission, slips
from waitingroom.errors import LineUnavailable
from waitingroom.models import WaitingRoom
from waitingroom.reasons import Reason

WAITING, LATE = 80, 20


def keeps_its_order(web: Web, room: WaitingRoom, fail_over: Callable[[], object]) -> None:
    """Eighty wait with open pages while Redis fails over, and twenty come meanwhile and try until they are in line."""
    slug = room.slug
    until(lambda: web.knows(slug))

    def joins(name: str) -> str:
        """The Cookie header of who got into line at last."""
        held = [f"visitor={slips.sign_visitor(name)}"]

        def is_in() -> bool:
            with suppress(OSError):
                place, held[0] = ask(web, slug, held[0])
                return place["status"] == "queued"
            return False

        until(is_in, within=30)
        return held[0]

    cookies = [joins(f"visitor-{i:02}") for i in range(WAITING)]
    with ExitStack() as stack:
        pages = [stack.enter_context(web.open(slug, None, cookie=cookie)) for cookie in cookies]
        for page in pages:
            hears(page, "queue-position-update")
        before = order(slug)
        assert before == [f"visitor-{i:02}".encode() for i in range(WAITING)]
        people = stack.enter_context(ThreadPoolExecutor(LATE))

        fail_over()
        late = [people.submit(joins, f"late-{i:02}") for i in range(LATE)]

        came = {f"late-{i:02}": one.result() for i, one in enumerate(late)}
        for cookie in came.values():  # what was told and then lost comes back by the slip
            ask(web, slug, cookie, "queue/")
        until(lambda: is_whole(slug, before, set(came)), within=20)
        # So that everybody has something new to read.
        admission.leave(slug, "visitor-00", Reason.DROPPED)
        for place, page in enumerate(pages[1:], start=1):
            while hears(page, "queue-position-update")["position"] != place:
                pass
        hears(pages[0], "queue-left")
        (status,) = admission.status([slug])
        assert (status.joined, status.waiting, status.gone) == (WAITING + LATE, WAITING + LATE - 1, 1)


def is_whole(slug: str, before: list[bytes], late: set[str]) -> bool:
    """Whether those of before stand as they stood, and all who came late behind them."""
    with suppress(RedisError, LineUnavailable):
        now = order(slug)
        return now[: len(before)] == before and {visitor.decode() for visitor in now[len(before) :]} == late
    return False
