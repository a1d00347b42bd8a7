"""A purchase, as a buyer's browser makes it: map, section, hold, review, order, pay."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any

from tiketi.storm.browser import Browser
from tiketi.storm.exchange import Answer
from tiketi.storm.scene import Scene

MOST_TICKETS = 4
MOST_TRIES = 8  # picks that somebody else was faster with, until a buyer gives up
MOST_PUT_OFF = 10  # times that a site without time for a page, or a form, may ask to come again
LEFT_IN_SECTION = re.compile(rb'<strong data-free="(\d+)">([\d,]+)<')
FREE_SEAT = re.compile(rb'class="seat free"[^>]*? data-seat="(\d+)"')


class Outcome(StrEnum):
    """How a purchase ended."""

    BOUGHT = "bought"
    SOLD_OUT = "found everything sold or held"
    UNLUCKY = "was never fast enough"
    FAILED = "failed"


class Unexpected(Exception):
    """The site answered what no buyer should see."""

    def __init__(self, step: str, answer: Answer) -> None:
        super().__init__(f"{step}: answered {answer.status}")


class Buyer:
    """One visitor's way to tickets."""

    def __init__(self, scene: Scene, browser: Browser) -> None:
        self._scene, self._browser = scene, browser
        self._base = f"/events/{scene.slug}"
        self.order = ""  # its number, once ordered

    async def pick_and_hold(self) -> Outcome | None:
        """Hold one to four neighbouring seats; None once they are held. Raises Unexpected."""
        for _ in range(MOST_TRIES):
            pick = await self._pick()
            if pick is None:
                return Outcome.SOLD_OUT
            section, form = pick
            came_from = f"{self._base}/seats/{section}/"
            answer = await self._submit("hold", f"{self._base}/hold/", form | {"from": section}, came_from)
            if answer.status == 201:
                return None
            if _said(answer).get("status") != "taken":
                raise Unexpected("hold", answer)
            self._scene.tally.retries["somebody was faster with the seats"] += 1
        return Outcome.UNLUCKY

    async def pay(self) -> Outcome:
        """Review, order and pay what is held. Raises Unexpected."""
        checkout = f"{self._base}/checkout/"
        await self._page("checkout", checkout)
        ordered = await self._submit("order", checkout, {}, checkout)
        if ordered.status != 201:
            raise Unexpected("order", ordered)
        said = _said(ordered)
        self.order = str(said["order"])
        paid = await self._submit("pay", str(said["pay"]), {"outcome": "succeed"}, str(said["pay"]))
        if paid.status != 200 or _said(paid).get("status") != "received":
            raise Unexpected("pay", paid)
        return Outcome.BOUGHT

    async def _pick(self) -> tuple[str, dict[str, str | list[str]]] | None:
        """(section, the form's fields) for seats that look free; None if nothing does."""
        chance = self._scene.chance
        seats_map = await self._page("map", f"{self._base}/seats/")
        left = {found[1].decode(): int(found[2].replace(b",", b"")) for found in LEFT_IN_SECTION.finditer(seats_map)}
        left = {section: count for section, count in left.items() if count}
        if not left:
            return None
        (section,) = chance.choices(list(left), list(left.values()))
        drawing = await self._page("section", f"{self._base}/seats/{section}/")
        seats = [found[1].decode() for found in FREE_SEAT.finditer(drawing)]
        count = min(chance.randint(1, MOST_TICKETS), left[section])
        if not seats:  # a standing area, or sold meanwhile
            return section, {f"area-{section}": str(count)}
        first = chance.randrange(max(1, len(seats) - count + 1))
        return section, {"seat": seats[first : first + count]}

    async def _page(self, step: str, path: str) -> bytes:
        answer = await self._patiently(step, lambda: self._browser.load(path))
        if answer.status != 200:
            raise Unexpected(step, answer)
        return answer.body

    async def _submit(self, step: str, path: str, form: dict[str, str | list[str]], came_from: str) -> Answer:
        return await self._patiently(step, lambda: self._browser.submit(path, form, came_from))

    async def _patiently(self, step: str, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer; who is put off comes again when told, as pages do: nothing was done then."""
        for _ in range(MOST_PUT_OFF):
            answer = await ask()
            retry_after = answer.headers.get("retry-after", "")
            if answer.status != 503 or not retry_after.isdigit():
                break
            self._scene.tally.retries[f"{step} answered 503"] += 1
            await asyncio.sleep(int(retry_after))
        return answer


def _said(answer: Answer) -> dict[str, Any]:
    try:
        said = json.loads(answer.body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
