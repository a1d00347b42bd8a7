"""A page that counts down, in a real browser, without a site: the clocks and the answers are the test's."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from django.contrib.staticfiles import finders
from django.template import engines
from django.utils import translation
from playwright.sync_api import Page, Route, expect

from events.room.inside import PlaceInside
from tests.browser import questions

ADDRESS = "http://tiketi.test/page/"
HOLD = """<form class="pay" data-hold-live><button>Pay</button></form>
{% include "events/hold_clock.html" %}{% include "events/hold_over.html" %}"""
PLACE = """<p data-place-live><button>Pay</button></p>{% include "events/place_bar.html" %}"""


class Stage:
    """A hold, or a place, of so many seconds, a device whose clock is wrong by so much, a site that answers as told."""

    def __init__(
        self,
        page: Page,
        *,
        seconds: float,
        wrong_by: float = 0,
        check: str = "/check/",
        html: str = HOLD,
        answer: Callable[[Route], None] | None = None,
        language: str = "ko",
        **place: bool,
    ):
        self.page = page
        self.loads = self.checks = 0
        self.now = time.time()
        self.ends = datetime.fromtimestamp(self.now + seconds, tz=UTC)
        hold = SimpleNamespace(expires_at=self.ends, expires_ms=int(self.ends.timestamp() * 1000))
        inside = PlaceInside("show", hold.expires_ms, int(self.now * 1000), **place)
        context = {"hold": hold, "inside": inside, "check": check, "event": SimpleNamespace(slug="show")}
        with translation.override(language):
            body = engines["django"].from_string(html).render(context)
        # The page is made now: the server's clock in it is this one.
        style = "<style>[hidden] { display: none !important }</style>"
        script = '<script src="/static/events/countdown.js" type="module"></script>'
        self.html = f"<!doctype html>{style}{body}{script}"
        self.over = page.locator("[data-hold-over], [data-place-over]")
        self.answer: Callable[[Route], None] = answer or (lambda route: route.abort())
        page.add_init_script(questions.SCRIPT)
        page.route("**/*", self._route)
        # The clock runs until it is paused, and is not to have run past that by then.
        page.clock.install(time=self.now + wrong_by - 60)
        page.clock.pause_at(self.now + wrong_by + 0.5)
        page.goto(ADDRESS)

    def _route(self, route: Route) -> None:
        if route.request.url == ADDRESS:
            self.loads += 1
            route.fulfill(body=self.html, content_type="text/html; charset=utf-8")
        elif route.request.url.endswith("/after"):
            route.fulfill(body="")
        elif "/static/" in route.request.url:
            found = str(finders.find(route.request.url.partition("/static/")[2]))
            route.fulfill(path=found, content_type="text/css" if found.endswith(".css") else "text/javascript")
        else:
            self.checks += 1
            self.answer(route)

    def answers(self, status: int, content: dict[str, Any]) -> None:
        self.answer = lambda route: route.fulfill(status=status, body=json.dumps(content))

    def still_held(self, passed: float) -> None:
        """The site says: held as before, and so many seconds have passed."""
        now = datetime.fromtimestamp(self.now + passed, tz=UTC)
        self.answers(200, {"status": "held", "expiresAt": self.ends.isoformat(), "now": now.isoformat()})

    def passes(self, seconds: float) -> None:
        """Let time pass on the page, which has heard by then what it asked."""
        self.page.clock.run_for(round(seconds * 1000))
        questions.settles(self.page)

    def comes_back(self) -> None:
        self.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    def is_live(self) -> None:
        expect(self.page.get_by_role("button", name="Pay")).to_be_visible()
        expect(self.over).to_be_hidden()

    def is_over(self) -> None:
        expect(self.over).to_be_visible()
        expect(self.page.get_by_role("button", name="Pay")).to_be_hidden()
        assert self.loads == 1, "no reload"
