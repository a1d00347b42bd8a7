"""One page of each kind that staff work with: for who cannot see or point, under the policy, on a telephone too."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, Route

from events.models import Event
from events.sale.closing import follow
from tests.browser import chromium as debian
from tests.browser.test_pages import complaints, overflow
from tests.conftest import missing
from tests.events.staff_pages import Taken, take, worked
from waitingroom.models import OpeningOrder

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOK = os.environ.get("STAFF_PAGES_SCREENSHOTS", "")  # a folder, for who wants to look
SITE = "http://tiketi.test"
KINDS = (
    "index", "event-list", "event", "event-history", "eventstaff-new", "order", "order-refund", "payment",
    "event-pricing", "event-price_list", "event-copy", "event-state", "event-postpone", "event-call_off",
    "event-sales", "draw", "refundrequest-decide", "plan", "plan-build", "plan-correct", "room", "room-list",
    "decisions", "preflight", "prewarm-plan", "delete", "user", "password", "document",
)  # fmt: skip
# Django's own boxes to choose many from, whose labels are made by its script; and of its tables of rows the headers of
# the column for what each is, and of that for deleting where nobody may (edit_inline/tabular.html).
DJANGOS = ('name="groups"', 'name="user_permissions"', '<th class="original"></th>', "empty-table-header: <th></th>")


@pytest.fixture
def taken(
    event: Event, make_event: Callable[..., Event], buyer: User, settings: Any, client: Client
) -> dict[str, Taken]:
    """The pages of an evening, before the browser is there: nobody asks the database in its loop."""
    settings.REFUND_LIMIT_WON = 300_000
    opens = timezone.now() + timedelta(days=2)
    draw = make_event(opens_at=opens, gathering_minutes=60, opening_order=OpeningOrder.DRAW)
    follow(draw.pk)
    staff = User.objects.create_superuser("chief", "chief@tiketi.example", "winter-song-42")
    client.force_login(staff)
    pages = worked(event, draw, buyer, staff)
    return {name: take(client, pages[name], "ko") for name in KINDS} | {"login": take(Client(), "/admin/login/", "ko")}


@pytest.fixture
def page(taken: dict[str, Taken]) -> Iterator[Page]:
    if debian.path() is None:
        missing("Debian's package `chromium` is needed")
    with debian.launched() as browser:
        page = browser.new_context(locale="ko-KR", color_scheme="light").new_page()
        page.set_default_timeout(debian.PATIENCE_MS)
        yield page


def show(page: Page, taken: Taken) -> None:
    """The page under its own policy, with the site's static files; scripts' questions get no answer."""

    def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path.startswith("/static/"):
            found = finders.find(path.removeprefix("/static/"))
            route.fulfill(path=str(found)) if found else route.fulfill(status=404)
        elif path == taken.path:
            headers = {"content-type": "text/html; charset=utf-8", "content-security-policy": taken.policy}
            route.fulfill(body=taken.html, headers=headers)
        else:
            route.fulfill(status=204)

    page.unroute_all()
    page.route("**/*", answer)
    page.goto(SITE + taken.path)
    page.wait_for_load_state("load")


def test_every_kind_of_page_is_accessible_and_fits_a_telephone(taken: dict[str, Taken], page: Page) -> None:
    wrong: list[str] = []
    blocked: list[str] = []
    page.on("console", lambda said: blocked.append(said.text) if "Content Security" in said.text else None)
    for name, one in taken.items():
        page.set_viewport_size({"width": 1280, "height": 900})
        show(page, one)
        found = [*blocked, *(said for said in complaints(page) if not any(box in said for box in DJANGOS))]
        blocked.clear()  # axe styles what it looks at, and the policy blocks that
        if LOOK:
            page.screenshot(path=Path(LOOK) / f"{name}-1280.png", full_page=True)
        page.set_viewport_size({"width": 390, "height": 844})
        if (pixels := overflow(page)) > 0:
            found.append(f"{pixels} pixels wider than a telephone")
        if LOOK:
            page.screenshot(path=Path(LOOK) / f"{name}-390.png", full_page=True)
        wrong += [f"{name}: {said[:200]}" for said in found]

    assert wrong == []
