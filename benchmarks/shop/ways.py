"""The way from the event's page to what was bought, as a browser goes it, in either shop."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from tiketi.storm.browser import Browser
from tiketi.storm.exchange import Answer

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PASSWORD = "winter-song-42"  # noqa: S105  (of buyers of a benchmark, who live for minutes)
TRIES, PAUSE_S = 20, 1.0
LOOKS = 3  # at a section's state, as an open map asks


class Astray(Exception):
    """A page did not come, or was not the one that follows."""


class PutOff(Astray):
    """The site is too busy for this one now."""


class Shopper(Browser):
    """A browser that posts forms as forms, and a clock for each step."""

    __slots__ = ("page", "path", "put_off", "seconds")

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.seconds: list[tuple[str, float]] = []
        self.page, self.path, self.put_off = "", "", 0

    async def opens(self, step: str, path: str) -> None:
        """A link, redirects followed. Raises Astray."""
        await self._timed(step, path, lambda: self.load(path))

    async def asks(self, step: str, path: str) -> None:
        """What a script asks for, which asks again later where it is put off. Raises Astray."""
        try:
            await self._timed(step, path, lambda: self.fetch(path, {}))
        except PutOff:
            self.put_off += 1

    async def sends(self, step: str, path: str, fields: Mapping[str, Any]) -> None:
        """A form of the page that is open, with its token. Raises Astray."""
        token = self.found(step, TOKEN.pattern)
        body = urlencode({"csrfmiddlewaretoken": token, **fields}, doseq=True).encode()
        headers = {**FORM, "Origin": self.site.origin, "Referer": self.site.origin + self.path}

        async def sent() -> Answer:
            return await self._follow(path, await self._ask("POST", path, headers, body))

        await self._timed(step, path, sent)

    async def insists(self, step: str, path: str, fields: Mapping[str, Any]) -> None:
        """The same form again, as the page that puts people off does by itself. Raises Astray."""
        for _ in range(TRIES):
            try:
                return await self.sends(step, path, fields)
            except PutOff:
                await asyncio.sleep(PAUSE_S)
        raise Astray(f"{step}: put off {TRIES} times")

    async def _follow(self, path: str, answer: Answer) -> Answer:
        self.path = path
        if "location" in answer.headers:
            self.path = answer.headers["location"]
        return await super()._follow(path, answer)

    async def _timed(self, step: str, path: str, act: Callable[[], Awaitable[Answer]]) -> None:
        began = time.perf_counter()
        answer = await act()
        self.seconds.append((step, time.perf_counter() - began))
        if answer.status == 503:
            raise PutOff(f"{step}: 503 at {path}")
        if answer.status != 200:
            raise Astray(f"{step}: {answer.status} at {path}")
        if not answer.headers.get("content-type", "").startswith("application/json"):
            self.page = answer.body.decode()

    def found(self, step: str, pattern: str) -> str:
        """What the open page says. Raises Astray."""
        if (match := re.search(pattern, self.page)) is None:
            raise Astray(f"{step}: an unexpected page at {self.path}")
        return match[1]


async def through_ours(shopper: Shopper, buyer: Mapping[str, Any], slug: str) -> None:
    """Event, map, section, looks, hold, review, order, payment, its callback, tickets. Raises Astray."""
    base = f"/events/{slug}/"
    if buyer.get("signs_in"):
        await shopper.opens("sign-in page", f"/accounts/login/?next={base}")
        known = {"login": buyer["email"], "password": PASSWORD}
        await shopper.insists("sign-in", f"/accounts/login/?next={base}", known)
    else:
        shopper.cookies.update(buyer["cookies"])
    await shopper.opens("event", base)
    await shopper.opens("map", f"{base}seats/")
    await shopper.opens("section", f"{base}seats/{buyer['section']}/")
    for _ in range(LOOKS):
        await shopper.asks("look", f"{base}seats/state/?section={buyer['section']}")
    await shopper.sends("hold and review", f"{base}hold/", {"seat": buyer["seats"], "from": buyer["section"]})
    agreed = shopper.found("hold and review", r'name="agreed_won" value="(\d+)"')
    boxes = re.findall(r'type="checkbox" name="([^"]+)" value="1" required', shopper.page)
    provider = re.findall(r'type="radio" name="(provider)" value="([^"]+)"', shopper.page)[:1]
    fields = {"agreed_won": agreed, **dict.fromkeys(boxes, "1"), **dict(provider)}
    await shopper.sends("order", f"{base}checkout/", fields)
    shopper.found("order", r'name="outcome" (value)="succeed"')
    await shopper.sends("payment", shopper.path, {"outcome": "succeed"})
    tickets = shopper.found("payment", r'href="(/orders/[^"/]+/tickets/)"')
    await shopper.opens("tickets", tickets)
    shopper.found("tickets", r"<(svg)")


async def through_pretix(shopper: Shopper, buyer: Mapping[str, Any], slug: str) -> None:
    """Shop, cart, contact, payment method, confirmation, the order's page; nothing is paid. Raises Astray."""
    base = f"/{slug}/"
    await shopper.opens("shop", base)
    item = shopper.found("shop", r'name="(item_\d+)"')
    await shopper.sends("cart", f"{base}cart/add", {item: "2"})
    await shopper.opens("checkout", f"{base}checkout/start")
    contact = {"email": buyer["email"], "email_repeat": buyer["email"]}
    await shopper.sends("contact", f"{base}checkout/questions/", contact)
    await shopper.sends("method", f"{base}checkout/payment/", {"payment": "manual"})
    await shopper.sends("order", f"{base}checkout/confirm/", {})
    shopper.found("order", r"Your (order) has been placed")


WAYS = {"tiketi": through_ours, "pretix": through_pretix}
