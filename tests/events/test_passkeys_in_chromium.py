"""A passkey in a real browser, under the site's own policies: set up, shown, and alone in place of the password.

The authenticator is Chromium's virtual one: what a finger or a face would do is done by the browser.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from tests.browser import chromium as debian
from tests.conftest import missing
from tests.events.factors import code_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "winter-song-42"
LOOK = os.environ.get("SECOND_FACTOR_SCREENSHOTS", "")  # a folder, for who wants to look


@pytest.fixture
def staff(settings: Any) -> User:
    """Before the browser is there: nobody asks the database in its loop."""
    settings.STAFF_SECOND_FACTOR = "required"
    return User.objects.create_superuser("chief", "chief@tiketi.example", PASSWORD)


@pytest.fixture
def page(staff: User, live_server: Any) -> Iterator[Page]:
    """A browser with a passkey's hardware; an error of its console fails the test."""
    if debian.path() is None:
        missing("Debian's package `chromium` is needed")
    errors: list[str] = []
    with debian.launched() as browser:
        context = browser.new_context(base_url=live_server.url, locale="ko-KR")
        context.set_default_timeout(debian.PATIENCE_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
        devtools = context.new_cdp_session(page)
        devtools.send("WebAuthn.enable")
        hardware = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
        options = {**hardware, "isUserVerified": True, "automaticPresenceSimulation": True}
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        yield page
        context.close()
    assert not errors


def look(page: Page, name: str) -> None:
    """A picture for a telephone and for a desk, if somebody asked for them."""
    if LOOK:
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=Path(LOOK) / f"{name}-{width}.png", full_page=True)


def submit(page: Page) -> None:
    page.locator("form.card button[type=submit]").first.click()


def by_admins_page(page: Page) -> None:
    page.goto("/admin/")
    page.locator("#id_username").fill("chief")
    page.locator("#id_password").fill(PASSWORD)
    page.locator("input[type=submit]").click()


def set_up_a_passkey(page: Page) -> None:
    expect(page).to_have_url(re.compile(r"/accounts/2fa/$"))
    look(page, "set-up")
    page.locator("a[href$='/webauthn/add/']").click()
    page.locator("#id_password").fill(PASSWORD)
    submit(page)
    page.locator("#id_passwordless").check()
    look(page, "add-passkey")
    page.locator("#mfa_webauthn_add").click()
    expect(page).to_have_url(re.compile(r"/accounts/2fa/recovery-codes/$"))
    look(page, "recovery-codes")


def sign_out(page: Page) -> None:
    page.goto("/accounts/logout/")
    submit(page)
    expect(page).to_have_url(re.compile(r"/$"))


def test_a_passkey_is_set_up_shown_after_the_password_and_good_without_it(page: Page):
    by_admins_page(page)
    set_up_a_passkey(page)
    page.goto("/admin/")
    expect(page).to_have_url(re.compile(r"/admin/$"))

    sign_out(page)
    by_admins_page(page)
    expect(page).to_have_url(re.compile(r"/accounts/2fa/reauthenticate/\?next=%2Fadmin%2F$"))
    look(page, "show-factor")
    page.locator("a[href*='webauthn/reauthenticate']").click()
    look(page, "show-passkey")
    page.locator("#mfa_webauthn_reauthenticate").click()
    expect(page).to_have_url(re.compile(r"/admin/$"))

    sign_out(page)
    page.goto("/accounts/login/?next=/admin/")
    look(page, "sign-in")
    page.locator("#passkey_login").click()
    expect(page).not_to_have_url(re.compile("/accounts/login/"))
    page.goto("/staff/door/")
    expect(page).to_have_url(re.compile(r"/staff/door/$"))


def test_an_app_is_set_up_by_its_drawing_or_by_its_words(page: Page):
    by_admins_page(page)
    page.goto("/accounts/2fa/totp/activate/")
    page.locator("#id_password").fill(PASSWORD)
    submit(page)

    look(page, "set-up-app")
    assert page.locator("img[src^='data:image/svg']").evaluate("drawing => drawing.naturalWidth") > 0
    page.locator("#id_code").fill(code_of(page.locator("#authenticator_secret").input_value()))
    submit(page)

    expect(page).to_have_url(re.compile(r"/accounts/2fa/recovery-codes/$"))
    page.goto("/admin/")
    expect(page).to_have_url(re.compile(r"/admin/$"))
