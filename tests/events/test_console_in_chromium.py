"""The console in a real browser: live, drawn, readable to everybody, on a telephone at the venue."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from events.models import Event
from scaling.controller import DecisionReason
from scaling.models import ScalingDecision
from tests.browser import chromium as debian
from tests.conftest import missing
from tests.events.conftest import buy, seats_of
from tests.waitingroom.line import join_call
from tests.waitingroom.web import Web, serving
from waitingroom import scripts
from waitingroom.redis import run_now
from waitingroom.samples import Sample, written

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    if debian.path() is None:
        missing("Debian's package `chromium` is needed")
    with serving(tmp_path_factory.mktemp("web")) as web:
        yield web


@pytest.fixture
def sale(transactional_db: None, make_event: Callable[..., Event], make_buyer: Callable[[], User]) -> Event:
    """A sale with a decision, two seats sold, and ten minutes behind it."""
    event = make_event()
    buy(event, make_buyer(), *seats_of(event)[:2])
    ScalingDecision.objects.create(reason=DecisionReason.ALARM, before=2, after=7, terms={"waiting": 6000})
    now = time.time()
    for ago in range(600, 0, -5):
        counted = 600 - ago
        sample = Sample(now, 3 * counted, 3 * counted, 0, 900, 1000, 5 * counted, counted, 2 * counted, 60, 90, 2, 0)
        run_now([scripts.SAMPLE.call(event.slug, written(sample), round((now - ago) * 1_000_000))])
    return event


@pytest.fixture
def session(transactional_db: None) -> str:
    browser = Client()
    browser.force_login(User.objects.create_superuser("operator", "operator@tiketi.example", "x"))
    return str(browser.cookies["sessionid"].value)


def complaints(page: Page) -> list[str]:
    """What axe finds wrong with what is ours on the page."""
    found: list[dict[str, Any]] = Axe().run(page, context="#content").response["violations"]
    return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]


def overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def test_the_console_is_live_drawn_accessible_and_fits_a_telephone(web: Web, sale: Event, session: str):
    site = f"http://127.0.0.1:{web.port}"
    console, overview = reverse("console-sale", args=[sale.slug]), reverse("console")
    report = reverse("event-report", args=[sale.pk])
    errors: list[str] = []
    with debian.launched() as browser:
        context = browser.new_context(locale="ko-KR", viewport={"width": 1280, "height": 900})
        context.add_cookies([{"name": "sessionid", "value": session, "url": site}])
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)

        page.goto(site + console)
        expect(page.locator("#connection")).to_have_attribute("data-state", "live")
        expect(page.locator("#charts canvas")).to_have_count(4)
        run_now([join_call(sale.slug, "newcomer")])
        expect(page.locator("[data-text=active]").first).to_have_text("1")
        expect(page.locator("[data-text=sold]").first).to_have_text("2")
        page.locator("summary").first.click()
        assert page.locator("[data-table=line] tr").count() >= 10
        assert errors == []  # axe's own styles are blocked, and told of
        assert complaints(page) == []
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a dict of the two
        assert overflow(page) <= 0

        page.goto(site + overview)
        expect(page.locator("#connection")).to_have_attribute("data-state", "live")
        row = page.locator(f"[data-sale={sale.slug}]")
        expect(row.locator("[data-text=active]")).to_have_text("1")
        assert complaints(page) == []
        assert overflow(page) <= 0

        page.goto(site + report)
        expect(page.locator("svg.chart")).not_to_have_count(0)
        assert complaints(page) == []
        assert overflow(page) <= 0

        page.goto(site + console)
        expect(page.locator("#connection")).to_have_attribute("data-state", "live")
        context.clear_cookies()
        page.reload()
        expect(page).to_have_url(f"{site}/admin/login/?next={console}")


def test_the_chart_library_is_what_was_published():
    import hashlib
    from pathlib import Path

    folder = Path(__file__).resolve().parents[2] / "tiketi/static/console/uplot"
    sums = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in SUMS}
    assert sums == SUMS
    assert "MIT" in (folder / "LICENSE.txt").read_text()


SUMS = {
    "uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    "uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
}
