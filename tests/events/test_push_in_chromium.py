"""Web Push in a real browser on the site's own pages: asked for by a click, and ended by one.

A fake stands where this machine ends: no push service can be reached, so the browser's `subscribe` gives what an
emulated service's browser has. Page, policies, service worker and site are real.
"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from django.db import connection
from playwright.sync_api import BrowserContext, Page, expect

from events.models import Event
from tests.browser import chromium as debian
from tests.conftest import missing
from tests.emulators.push import PushService, pushing
from waitingroom import admission, pushes
from waitingroom.redis import run_now
from waitingroom.room import JoinIntent, enter_call

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
T = TypeVar("T")

# What the page asks of the browser, and whether within a click.
ASKED = """
window.asked = [];
if (window.isSecureContext) {
  const note = (what) => asked.push(`${what}${navigator.userActivation.isActive ? "" : " by surprise"}`);
  const request = Notification.requestPermission.bind(Notification);
  Notification.requestPermission = () => { note("permission"); return request(); };
  const register = navigator.serviceWorker.register.bind(navigator.serviceWorker);
  navigator.serviceWorker.register = (...what) => { asked.push("worker"); return register(...what); };
  PushManager.prototype.subscribe = async (options) => { asked.push(JSON.stringify(options)); return SUBSCRIPTION; };
}
"""


def apart(work: Callable[[], T]) -> T:
    """The site's own work, in a thread of its own: the browser's loop is none for the database."""

    def done() -> T:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(done).result()


@pytest.fixture
def service(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushService]:
    with pushing(settings, monkeypatch) as service:
        yield service


@pytest.fixture
def full(make_event: Callable[..., Event], service: PushService) -> Event:
    """A sale whose one place is taken."""
    event = make_event()
    event.room.threshold, event.room.claim_seconds, event.room.mode = 1, 60, "always"
    event.room.save()
    run_now([enter_call(event.slug, [("inside", JoinIntent.JOIN, "")])])
    assert admission.admit(event.slug, 1) == ["inside"]
    return event


@pytest.fixture
def phone(full: Event, service: PushService, live_server: Any) -> Iterator[BrowserContext]:
    """A telephone that may show notifications; an error of a page fails the test."""
    if debian.path() is None:
        missing("Debian's package `chromium` is needed")
    errors: list[str] = []
    subscription = json.dumps(service.browser("phone").subscription)
    with debian.launched() as browser:
        size: Any = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
        context = browser.new_context(base_url=live_server.url, locale="ko-KR", **size)
        context.set_default_timeout(15_000)
        context.grant_permissions(["notifications"], origin=live_server.url)
        context.add_init_script(ASKED.replace("SUBSCRIPTION", subscription))
        context.on("weberror", lambda error: errors.append(str(error.error)))
        context.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
        yield context
        context.close()
    assert not errors


def asked(page: Page) -> list[str]:
    said: list[str] = page.evaluate("asked")
    return said


def test_nothing_is_asked_for_before_a_click_and_what_works_is_said(phone: BrowserContext, full: Event):
    page = phone.new_page()
    page.goto(f"/events/{full.slug}/")
    expect(page.locator("#position")).to_have_text("1")
    button = page.get_by_role("button", name="차례가 되면 알림 받기")
    expect(button).to_be_visible()
    assert asked(page) == []
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0

    button.tap()

    for works in ("푸시", "소리", "진동"):
        expect(page.locator("#signals")).to_contain_text(works)


def test_who_ends_the_signals_is_pushed_to_no_more(phone: BrowserContext, full: Event, service: PushService):
    page = phone.new_page()
    page.goto(f"/events/{full.slug}/")
    button = page.get_by_role("button", name="차례가 되면 알림 받기")
    button.tap()
    expect(page.locator("#signals")).to_contain_text("푸시")
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as ended:
        button.tap()
    assert ended.value.status == 204
    expect(page.locator("#signals")).to_be_hidden()

    apart(lambda: pushes.push_due())

    assert service.pushed == []
