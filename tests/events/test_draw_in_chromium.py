"""The draw's own page in every state: readable for everybody, in both languages, by day and by night."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from playwright.sync_api import Route

from events.models import Event
from tests.browser import axe
from tests.browser import chromium as debian
from tests.browser.test_pages import overflow
from tests.conftest import missing
from tests.events.test_draw_pages import CLOSES, FANS, GATHERS, OPENS, Evening, by_lot
from waitingroom import drand_relays, draw_steps
from waitingroom.errors import DrawRefused
from waitingroom.models import WaitingRoom

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def pages(make_event: Callable[..., Event], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The page of one who entered, by state and language, as the site gave it in the course of two evenings."""
    found: dict[str, str] = {}

    def keep(evening: Evening, state: str) -> None:
        found.update({f"{state}-{language}": evening.page(FANS[3], language) for language in ("ko", "en")})

    def begun() -> Evening:
        evening = by_lot(make_event, monkeypatch)
        keep(evening, "planned")
        evening.turn(GATHERS)
        evening.come(*FANS)
        evening.turn(CLOSES - timedelta(minutes=1))
        return evening

    def silent(_self: object, _source: Any) -> str:
        raise DrawRefused("none")

    evening = begun()
    keep(evening, "entered")
    evening.turn(CLOSES)
    keep(evening, "closed")
    with monkeypatch.context() as patch:
        patch.setattr(drand_relays.Asking, "word_of", silent)
        evening.turn(OPENS + timedelta(seconds=5))
        keep(evening, "late")
    evening.turn(OPENS + timedelta(seconds=6))
    keep(evening, "drawn")
    evening = begun()
    evening.turn(OPENS)  # the site was away meanwhile
    keep(evening, "void")
    draw_steps.give_up(WaitingRoom.objects.get(slug=evening.event.slug), "정전이 있었습니다.")
    keep(evening, "given-up")
    return found


def test_every_state_of_the_draws_page_is_accessible_and_fits_a_telephone(pages: dict[str, str]):
    if debian.path() is None:
        missing("Debian's package `chromium` is needed")

    def answer(route: Route) -> None:
        _, _, file = route.request.url.partition("/static/")
        if file:
            route.fulfill(path=str(finders.find(file)))
        else:
            route.fulfill(body=pages[route.request.url.rpartition("/")[2]], content_type="text/html; charset=utf-8")

    with debian.launched() as browser:
        for scheme in ("light", "dark"):
            context = browser.new_context(color_scheme=scheme, viewport={"width": 320, "height": 640})
            page = context.new_page()
            page.route("**/*", answer)
            for state in pages:
                page.goto(f"http://tiketi.test/{state}")
                axe.load(page)
                assert axe.found(page) == [], (state, scheme)
                assert overflow(page) <= 0, state
            context.close()
