"""Every page that visitors and buyers see, in every state: axe has nothing to say of it, and a phone's width is enough.

A page is loaded once in each language. Korean is looked at by every rule in light and by those of colours in the dark;
English, whose colours are the same, by every rule in the dark.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import allauth
import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.core.cache import cache
from playwright.sync_api import Page, Route

from events.models import Event
from tests.browser import axe
from tests.browser import chromium as debian
from tests.browser.test_pages import PHONE, overflow
from tests.conftest import missing
from tests.events.shown import accounts, buying, events, factors, line, orders
from tests.events.shown.reader import Reader, Shown, Stage
from tests.site import ROOT

Scheme = Literal["light", "dark"]
LOOK = os.environ.get("EVERY_PAGE_SCREENSHOTS", "")  # a folder, for who wants to look
SITE = "http://tiketi.test"
KINDS = {"accounts": accounts, "buying": buying, "events": events, "factors": factors, "line": line, "orders": orders}
# By every rule in the first, by those of colours in the second.
SCHEMES: dict[str, tuple[Scheme, ...]] = {"ko": ("light", "dark"), "en": ("dark",)}
# By page: what axe has to be wrong about, and why.
EXEMPT = {
    # The page of a process that has nothing left to serve a script or another page by: it must come back by itself.
    "crowded": "meta-refresh",
}
SHOWN_ELSEWHERE = {
    "events/draw.html": "test_draw_in_chromium.py",
    "waitingroom/closed.html": "tests/browser/test_pages.py",
    "waitingroom/gathering.html": "tests/browser/test_gathering_script.py",
    "waitingroom/recovering.html": "tests/browser/test_waiting_states.py",
    "waitingroom/unavailable.html": "tests/browser/test_pages.py",
    "waitingroom/work.html": "tests/browser/test_work.py",
    "events/door.html": "staff's: test_door_in_chromium.py",
}
NOT_OFFERED = {
    "account/confirm_email_verification_code.html": "addresses are confirmed by links",
    "account/confirm_login_code.html": "nobody signs in by a code sent by mail",
    "account/confirm_password_reset_code.html": "passwords are reset by links",
    "account/confirm_phone_verification_code.html": "accounts have no telephone",
    "account/email_change.html": "an account may have several addresses",
    "account/phone_change.html": "accounts have no telephone",
    "account/request_login_code.html": "nobody signs in by a code sent by mail",
    "account/signup_by_passkey.html": "an account begins with a password",
    "account/signup_closed.html": "signing up is always open",
    "account/verified_email_required.html": "no page asks for it",
    "mfa/trust.html": "no browser is trusted with the second step",
    "mfa/webauthn/signup_form.html": "an account begins with a password",
    "socialaccount/login.html": "Kakao and Naver are there only with the site's keys at them",
    "socialaccount/signup.html": "Kakao and Naver are there only with the site's keys at them",
}
SHOWN_FOLDERS = ("account", "events", "mfa", "sandbox", "socialaccount", "waitingroom")
OPEN_ALL = "for (const one of document.querySelectorAll('details')) one.open = true"


@pytest.fixture
def reader(
    request: pytest.FixtureRequest,
    make_event: Callable[..., Event],
    make_buyer: Callable[[], User],
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Reader:
    """Who was shown all pages of a kind, before the browser is there: nobody asks the database in its loop."""
    kind, language = request.param
    cache.clear()  # of how often somebody tried something
    reader = Reader(language)
    KINDS[kind].take(reader, Stage(make_event, make_buyer, settings, monkeypatch))
    return reader


@pytest.fixture
def page(reader: Reader) -> Iterator[Page]:
    if debian.path() is None:
        missing("Debian's package `chromium` is needed")
    with debian.launched() as browser:
        page = browser.new_context(locale=reader.language, viewport=PHONE).new_page()
        page.set_default_timeout(debian.PATIENCE_MS)
        yield page


def show(page: Page, shown: Shown) -> None:
    """The page under its own policy, with the site's files, in the state that it is to be in."""

    def answer(route: Route) -> None:
        asked = route.request
        path = urlsplit(asked.url).path
        told = shown.files.get(path if asked.url.startswith(SITE) else asked.url)
        if asked.is_navigation_request():
            headers = {"content-type": "text/html; charset=utf-8", "content-security-policy": shown.policy}
            route.fulfill(body=shown.html, headers=headers)
        elif path.startswith("/static/"):
            file = finders.find(path.removeprefix("/static/"))
            route.fulfill(path=str(file)) if file else route.fulfill(status=404)
        elif told:
            route.fulfill(status=told.status, content_type=told.kind, body=told.body)
        else:
            route.abort()

    page.unroute_all()
    page.route("**/*", answer)
    page.goto(SITE + shown.path)
    page.evaluate(OPEN_ALL)
    if shown.act:
        page.evaluate(shown.act)
    if shown.until:
        page.locator(shown.until).first.wait_for()


def wrong_with(page: Page, *other_schemes: Scheme) -> list[str]:
    """What nobody should have to bear."""
    axe.load(page)
    found = axe.found(page)
    if (pixels := overflow(page)) > 0:
        found.append(f"{pixels} pixels wider than a phone")
    for scheme in other_schemes:
        page.emulate_media(color_scheme=scheme)
        found += [f"{scheme}: {said}" for said in axe.found(page, *axe.OF_COLOURS)]
    return found


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "reader",
    [pytest.param((kind, language), id=f"{kind}-{language}") for kind in KINDS for language in ("ko", "en")],
    indirect=True,
)
def test_every_page_is_accessible_and_fits_a_phone(reader: Reader, page: Page, request: pytest.FixtureRequest) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if "Content Security" in said.text else None)
    wrong: list[str] = []
    first, *others = SCHEMES[reader.language]
    for name, shown in reader.pages.items():
        page.emulate_media(color_scheme=first)
        show(page, shown)
        found = errors.copy()  # before axe styles what it looks at, which the policy blocks
        if LOOK:
            page.screenshot(path=Path(LOOK) / f"{request.node.callspec.id}-{name}.png", full_page=True)
        found += wrong_with(page, *others)
        errors.clear()
        wrong += [f"{name}: {said[:300]}" for said in found if EXEMPT.get(name, "nothing") not in said]

    assert wrong == []
    kind, _, _ = request.node.callspec.id.partition("-")
    assert set(KINDS[kind].TEMPLATES) <= reader.templates


def test_no_page_that_extends_another_is_left_out() -> None:
    apps = (
        ROOT,
        ROOT / "events",
        ROOT / "events/payments/sandbox",
        ROOT / "waitingroom",
        Path(allauth.__file__).parent,
    )
    folders = [app / "templates" for app in apps]
    written = {
        str(file.relative_to(folder))
        for folder in folders
        for file in folder.rglob("*.html")
        if file.relative_to(folder).parts[0] in {*SHOWN_FOLDERS, file.name}
        and "{% extends" in file.read_text()
        and not file.name.startswith(("base", "inside"))
    }
    shown = {name for kind in KINDS.values() for name in kind.TEMPLATES}

    assert shown | SHOWN_ELSEWHERE.keys() | NOT_OFFERED.keys() == written
