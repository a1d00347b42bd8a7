"""A waiting room's page on its own: the browser is real; time, chance, sockets and answers are the test's."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from playwright.sync_api import Page, Route

from tests.browser import questions
from waitingroom.inline_code import made_small
from waitingroom.more_script import edition_of, more_of
from waitingroom.page_cache import VALUES, exact_text, page_periods
from waitingroom.room_registry import DEFAULT_GRACE_SECONDS

ADDRESS = "http://tiketi.test/events/staged/"
PLACE = {
    **dict.fromkeys(VALUES, "0"),
    "position": "100",
    "position_text": "100",
    "start": "100",
    "total": "200",
    "total_text": "200",
    "estimated_wait": "120",
    "in_service": "2",
    "mode": "automatic",
    "closed_reason": "",
    "announcement": "",
    "announced": "",
    "held": "no",
}
# Sockets that open, speak and end when the test says so; chance is what the test says, half by default.
STAGE = """
window.sockets = [];
window.chance = 0.5;
Math.random = () => window.chance;
window.WebSocket = class {
  static OPEN = 1;
  constructor(url) { Object.assign(this, { url, readyState: 0, sent: [], at: Date.now() }); sockets.push(this); }
  open() { this.readyState = 1; this.onopen({}); }
  say(message) { this.onmessage({ data: JSON.stringify(message) }); }
  end(code) { this.readyState = 3; this.onclose({ code }); }
  send(text) { this.sent.push(text); }
  close() { if (this.readyState < 2) { this.readyState = 3; queueMicrotask(() => this.onclose({ code: 1006 })); } }
};
"""

Answer = dict[str, Any]


def update(position: int, **more: Any) -> dict[str, Any]:
    """A position as the server tells it."""
    scaling = {"inService": 2, "pending": 0, "readyInSeconds": 0}
    told = {"position": position, "total": 200, "estimatedWait": 60, "scaling": scaling, "mode": "automatic"}
    return {"type": "queue-position-update", **told, **more}


def gathers(opens_in_s: float, order: str = "arrival") -> dict[str, Any]:
    """How far the opening is, as the server tells it; 0: the order is being drawn."""
    place = {"position": 0 if order == "draw" else 40, "total": 5000}
    return {"type": "queue-gathering", "opensInMs": round(1000 * opens_in_s), "order": order, **place}


def unanswered(route: Route) -> None:
    """What becomes of a poll until the test says otherwise."""
    route.abort()


class Stage:
    """The page, its loads, and the answers to its questions."""

    def __init__(
        self,
        page: Page,
        template: str = "waiting",
        language: str = "ko",
        event: Any = None,
        **place: object,
    ) -> None:
        """`event` is a mapping of what the site tells the page of it, besides the visitor's `place`."""
        self.page = page
        self.language = language
        self.entry: Answer = {"text": "", "againInSeconds": 0}
        self.loads = 0
        self.polls = 0
        self.load_status = 200
        self.answer: Callable[[Route], None] = unanswered
        self.fetches = 0
        self.more_path = reverse("line:more", args=[language, edition_of(language)])
        self.more = more_of(language)
        values = PLACE | {name: str(value) for name, value in place.items()}
        with translation.override(language):
            html = render_to_string(
                f"waitingroom/{template}.html",
                {
                    "slug": "staged",
                    "event": event or {},
                    "place": values,
                    "ws_path": "/ws/events/staged/queue/",
                    "poll_path": "/poll",
                    **page_periods("staged"),
                    "more_edition": edition_of(language),
                    "kept_text": exact_text(DEFAULT_GRACE_SECONDS, language),
                },
            )
        self.html, self.policy = made_small(html)
        page.add_init_script(STAGE)
        page.add_init_script(questions.SCRIPT)
        page.route("**/*", self._route)
        page.clock.install(time=0)
        page.clock.pause_at(60)
        page.goto(ADDRESS)

    def _route(self, route: Route) -> None:
        if route.request.url.endswith(self.more_path):
            self.fetches += 1
            if self.more:
                route.fulfill(body=self.more, content_type="text/javascript; charset=utf-8")
            else:
                route.abort()
        elif route.request.url.endswith("/poll"):
            self.polls += 1
            self.answer(route)
        elif route.request.url.endswith("/mine.json"):
            route.fulfill(body=json.dumps(self.entry))
        elif route.request.url.endswith("/after"):
            route.fulfill(body="")
        else:
            self.loads += 1
            headers = {"content-security-policy": self.policy, "content-type": "text/html; charset=utf-8"}
            route.fulfill(status=self.load_status, body=self.html, headers=headers)

    def answers(self, status: int, content: Answer, retry_after: str | None = None) -> None:
        """From now on every poll gets this."""
        headers = {"retry-after": retry_after} if retry_after else {}
        body = json.dumps(content)
        self.answer = lambda route: route.fulfill(status=status, body=body, headers=headers)

    @property
    def sockets(self) -> int:
        """How many sockets the page has tried to open."""
        count: int = self.page.evaluate("sockets.length")
        return count

    def socket(self, action: str, *what: Any) -> None:
        """Let the latest socket `open`, `say` a message or `end` with a code."""
        self.page.evaluate("([action, what]) => sockets.at(-1)[action](...what)", [action, list(what)])

    def chance(self, value: float) -> None:
        """What Math.random answers."""
        self.page.evaluate("value => { chance = value; }", value)

    def passes(self, seconds: float) -> None:
        """Let time pass on the page; where the test answers, a second at a time, each answered before the next."""
        questions.settles(self.page)
        left_ms = round(seconds * 1000)
        step_ms = left_ms if self.answer is unanswered else max(1000, left_ms // 30)
        while True:  # what is due at once is so in no time as well
            self.page.clock.run_for(min(left_ms, step_ms))
            questions.settles(self.page)
            left_ms -= step_ms
            if left_ms <= 0:
                return

    def reloads(self, within: float) -> None:
        """Let `within` seconds pass on the page, in which it must load anew."""
        with self.page.expect_event("load"):
            self.page.clock.run_for(round(within * 1000))

    def rests(self) -> None:
        """Stop the page's time again, where something let it go on."""
        self.page.clock.pause_at(self.page.evaluate("Date.now()") / 1000 + 1)

    def until(self, condition: Callable[[], bool], passing_s: float = 0) -> None:
        """Wait, in the test's time, for what the browser does in its own; where the page waits too, its time passes."""
        for _ in range(500):
            if condition():
                return
            if passing_s:
                self.passes(passing_s)
            else:
                self.page.wait_for_timeout(20)
        pytest.fail("not within 10 s")

    def hide(self, hidden: bool) -> None:
        """Have the browser say that nobody sees the page: a real hidden tab is not to be had from Playwright."""
        self.page.evaluate(
            """hidden => {
            Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
            hidden,
        )
