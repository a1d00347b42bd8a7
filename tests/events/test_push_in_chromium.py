"""Web Push in a real browser on the site's own pages: asked for by a click, shown by the worker, and the way back in.

Fakes stand where this machine ends: no push service can be reached, so the browser's `subscribe` gives what an emulated
service's browser has, what that service decrypts is delivered by Chromium's developer tools, and what a finger does to
a notification is told to the worker. Page, policies, worker, site, encryption and the notification itself are real.
"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any, TypeVar

import pytest
from django.db import connection
from playwright.sync_api import BrowserContext, Page, Worker, expect

from events.models import Event
from tests.browser import chromium as debian
from tests.conftest import missing
from tests.emulators.push import PushService, pushing
from tests.patience import until
from waitingroom import admission, pushes
from waitingroom.reasons import Reason
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
# A finger on the notification, and what the worker then asks of the browser, which allows it after a real one alone.
TAPPED = """async () => {
  const [notification] = await registration.getNotifications();
  const asked = [];
  clients.openWindow = async (path) => { asked.push(`opens ${path}`); };
  WindowClient.prototype.focus = async function () { asked.push(`shows ${new URL(this.url).pathname}`); };
  const tap = new NotificationEvent("notificationclick", { notification });
  let done;
  Object.defineProperty(tap, "waitUntil", { value: (work) => { done = work; } });
  dispatchEvent(tap);
  await done;
  return [asked, (await registration.getNotifications()).length];
}"""
LOOKS_A_DELIVERY = 40
SHOWN = "() => registration.getNotifications().then((all) => all.map(({ title, body, tag }) => [title, body, tag]))"


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
    event.room.threshold, event.room.claim_seconds, event.room.mode = 1, 600, "always"
    event.room.presence_seconds = 600  # a page that was closed is asked for by nobody
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
        context.set_default_timeout(debian.PATIENCE_MS)
        context.grant_permissions(["notifications"], origin=live_server.url)
        context.add_init_script(ASKED.replace("SUBSCRIPTION", subscription))
        context.on("weberror", lambda error: errors.append(str(error.error)))
        context.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
        yield context
        context.close()
    assert not errors


class Devtools:
    """Delivers to the worker what a push service decrypted."""

    def __init__(self, page: Page, origin: str) -> None:
        self._page, self._origin, self._registration = page, origin, ""
        self._devtools = page.context.new_cdp_session(page)
        self._devtools.on("ServiceWorker.workerRegistrationUpdated", self._know)
        self._devtools.send("ServiceWorker.enable")

    def _know(self, told: dict[str, Any]) -> None:
        for one in told["registrations"]:
            if one["scopeURL"] == f"{self._origin}/line/":
                self._registration = one["registrationId"]

    def deliver(self, message: dict[str, str]) -> None:
        """As from the network."""
        until(lambda: self._registration or self._page.evaluate("0"))  # what devtools tell comes while they are asked
        to = {"origin": self._origin, "registrationId": self._registration}
        self._devtools.send("ServiceWorker.deliverPushMessage", {**to, "data": json.dumps(message)})


def asked(page: Page) -> list[str]:
    said: list[str] = page.evaluate("asked")
    return said


def test_a_push_is_asked_for_by_a_click_shown_while_nobody_looks_and_leads_back_in(
    phone: BrowserContext, full: Event, service: PushService, live_server: Any
):
    here = f"/events/{full.slug}/"
    page = phone.new_page()
    page.goto(here)
    expect(page.locator("#position")).to_have_text("1")
    button = page.get_by_role("button", name="차례가 되면 알림 받기")
    expect(button).to_be_visible()
    assert asked(page) == []
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0

    button.tap()
    expect(page.locator("#signals")).to_contain_text("푸시")
    for works in ("소리", "진동"):  # a browser without a screen keeps none on, and promises nothing of it
        expect(page.locator("#signals")).to_contain_text(works)
    permission, worker, options = asked(page)
    assert (permission, worker) == ("permission", "worker")
    assert json.loads(options) == {"userVisibleOnly": True, "applicationServerKey": service.key}
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all[0].active.state)") == "activated"

    (own,) = phone.service_workers
    elsewhere = phone.new_page()
    elsewhere.goto("/api/clock/")
    devtools = Devtools(elsewhere, live_server.url)
    # Whose cookie does not come back, as with the page's first poll, is let in by nobody.
    until(lambda: apart(lambda: admission.status([full.slug])[0].present) and elsewhere.evaluate("1"))
    apart(lambda: pushes.push_due())  # near
    near = service.pushed[-1].message
    devtools.deliver(near)
    is_shown(own, devtools, near | {"path": "/events/another/"})  # and not the one whose page somebody looks at
    page.goto("/events/another/")  # whose page is open by now
    assert own.evaluate(TAPPED) == [["shows /events/another/"], 0]

    page.close()
    is_shown(own, devtools, near)
    apart(lambda: admission.leave(full.slug, "inside", Reason.LEFT))
    assert len(apart(lambda: admission.admit(full.slug, 1))) == 1
    apart(lambda: pushes.push_due())
    turn = service.pushed[-1].message
    assert (turn["title"], turn["body"]) == (full.title_ko, "입장할 차례예요!")
    is_shown(own, devtools, turn)  # in place of the one before

    assert own.evaluate(TAPPED) == [[f"opens {here}"], 0]
    page = phone.new_page()
    page.goto(here)
    expect(page.locator("#inside")).to_be_visible()


def is_shown(worker: Worker, devtools: Devtools, message: dict[str, str]) -> None:
    """The worker shows what is delivered, and nothing else; devtools lose some, and one replaces another."""
    wanted, looks = [[message["title"], message["body"], message["path"]]], count()

    def shows() -> bool:
        if next(looks) % LOOKS_A_DELIVERY == 0:
            devtools.deliver(message)
        return bool(worker.evaluate(SHOWN) == wanted)

    until(shows, within=45)


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
