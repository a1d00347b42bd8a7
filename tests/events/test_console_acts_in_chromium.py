"""The console's acts in a real browser: sliders foretell, what is saved and said counts for those who wait."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from events.models import Event
from tests.browser import chromium as debian
from tests.browser.test_pages import complaints, overflow
from tests.conftest import missing
from tests.patience import until
from tests.waitingroom.line import join_call
from tests.waitingroom.web import Web, serving
from waitingroom import admission
from waitingroom.redis import run_now

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
WORD = "30분 늦게 시작합니다."


@pytest.fixture(scope="module")
def web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    if debian.path() is None:
        missing("Debian's package `chromium` is needed")
    with serving(tmp_path_factory.mktemp("web")) as web:
        yield web


@pytest.fixture
def sale(transactional_db: None, web: Web, make_event: Callable[..., Event]) -> Event:
    """A sale with one place, which somebody has."""
    event = make_event()
    event.room.threshold, event.room.threshold_per_instance = 1, None
    event.room.save()
    run_now([join_call(event.slug, "inside")])
    until(lambda: web.knows(event.slug))
    return event


@pytest.fixture
def sessions(transactional_db: None) -> list[str]:
    """Those of two members of staff, hana and duri."""
    found = []
    for name in ("hana", "duri"):
        browser = Client()
        browser.force_login(User.objects.create_superuser(name))
        found.append(str(browser.cookies["sessionid"].value))
    return found


def page_of(browser: Browser, site: str, session: str = "", **options: object) -> Page:
    context = browser.new_context(locale="ko-KR", base_url=site, **options)  # type: ignore[arg-type]  # as they come
    if session:
        context.add_cookies([{"name": "sessionid", "value": session, "url": site}])
    return context.new_page()


def test_staff_at_the_venue_tune_and_announce_and_the_line_and_a_colleague_hear_of_it(
    web: Web, sale: Event, sessions: list[str]
):
    acts, console = reverse("console-acts:page", args=[sale.slug]), reverse("console-sale", args=[sale.slug])
    troubles: list[str] = []
    with debian.launched() as browser:
        site = f"http://127.0.0.1:{web.port}"
        visitor = page_of(browser, site)
        staff, colleague = (page_of(browser, site, session, viewport=PHONE) for session in sessions)
        staff.on("pageerror", lambda error: troubles.append(str(error)))
        staff.on("console", lambda said: troubles.append(said.text) if "Content Security" in said.text else None)
        visitor.goto(f"/events/{sale.slug}/")
        expect(visitor.locator("#slip")).to_be_visible()

        staff.goto(acts)
        staff.locator("[name=announcement_ko]").fill(WORD)
        staff.get_by_role("button", name="알리기").click()
        staff.wait_for_url(f"**{console}")
        expect(staff.locator(".messagelist")).to_be_visible()
        expect(visitor.get_by_text(WORD).first).to_be_visible()

        colleague.goto(acts)
        now, then = (staff.locator("[data-effect=threshold] td").nth(place) for place in (0, 1))
        expect(now).to_have_text("1")
        slider = staff.get_by_role("slider", name="임계값")
        slider.fill("3")
        expect(then).to_have_text("3")
        expect(staff.locator("[name=threshold]")).to_have_value("3")
        expect(staff.locator("[data-effect=threshold]")).to_have_class("changed")
        assert admission.status([sale.slug])[0].threshold == 1  # nothing is saved yet

        staff.get_by_role("button", name="저장", exact=True).click()
        staff.wait_for_url(f"**{console}")
        assert admission.status([sale.slug])[0].threshold == 3  # it counts as the answer is there
        expect(staff.locator("[data-text=threshold]").first).to_have_text("3")
        expect(visitor.locator("#slip")).to_have_count(0)  # let in
        expect(staff.locator("[data-text=active]").first).to_have_text("2")

        colleague.get_by_role("slider", name="임계값").fill("2")
        colleague.get_by_role("button", name="저장", exact=True).click()
        expect(colleague.locator(".errorlist").first).to_contain_text("hana")
        assert admission.status([sale.slug])[0].threshold == 3

        assert troubles == []
        assert complaints(colleague) == []  # with the refusal on it
        assert overflow(colleague) <= 0
        assert overflow(staff) <= 0
