"""A ticket bought with Toss's emulator in a real browser, on the whole site, its content policy in force."""

import re
import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import chromium as debian
from tests.conftest import missing
from tests.emulators.server import serving
from tests.emulators.toss import CLIENT_KEY, SECRET_KEY, TossEmulator
from tests.events.test_in_chromium import SALE, sign_up
from tests.patience import until
from tests.site import Site, running

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("site")]


@pytest.fixture(scope="module")
def toss() -> Iterator[TossEmulator]:
    """Toss, emulated."""
    emulator = TossEmulator()
    with serving(emulator):
        yield emulator


@pytest.fixture(scope="module")
def shop(toss: TossEmulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that takes money by Toss, and by nobody else."""
    environment = {
        "PAYMENT_PROVIDERS": "toss",
        "TOSS_CLIENT_KEY": CLIENT_KEY,
        "TOSS_SECRET_KEY": SECRET_KEY,
        "TOSS_API_URL": toss.url,
        "TOSS_SDK_URL": f"{toss.url}/v2/standard",
    }
    with running(tmp_path_factory.mktemp("shop"), **environment) as site:
        yield site


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the module."""
    if debian.path() is None:
        missing("Debian's package `chromium` is needed")
    with debian.launched() as browser:
        yield browser


def on_the_way_to_pay(shop: Site, page: Page) -> None:
    """A new account at the review of its seat."""
    slug = f"test-{secrets.token_hex(4)}"
    shop.manage("shell", "-c", SALE.format(slug=slug, threshold=100))
    until(lambda: "x-waiting-room" in page.request.get(f"/api/events/{slug}/queue/").headers)
    page.goto(f"/events/{slug}/")
    page.get_by_role("link", name=re.compile("좌석 선택|Pick seats")).click()
    sign_up(page)
    page.locator(".section-list a").first.click()
    page.wait_for_load_state("load")
    page.locator(".seat.free").nth(3).click()
    page.locator("#hold").click()
    expect(page.get_by_role("main").get_by_role("timer")).to_be_visible()


@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
def test_a_ticket_is_bought_with_toss(shop: Site, toss: TossEmulator, chromium: Browser, locale: str) -> None:
    context = chromium.new_context(locale=locale, base_url=shop.url)
    context.set_default_timeout(debian.PATIENCE_MS)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
    on_the_way_to_pay(shop, page)

    page.locator("form.pay button").click()
    page.wait_for_url(f"{toss.url}/window**")
    page.locator("#close").click()
    failed = "결제하지 못했습니다" if locale == "ko-KR" else "The payment failed"
    expect(page.get_by_role("heading", level=1)).to_have_text(failed)
    expect(
        page.get_by_text("결제창을 닫았습니다" if locale == "ko-KR" else "You closed the payment window")
    ).to_be_visible()

    page.get_by_role("button", name="다시 결제하기" if locale == "ko-KR" else "Try again").click()
    page.wait_for_url(f"{toss.url}/window**")
    page.locator("#agree").click()
    ready = "예매가 완료되었습니다" if locale == "ko-KR" else "Your tickets are ready"
    expect(page.get_by_role("heading", level=1)).to_have_text(ready)

    page.go_back()  # to the window, and through it once more: nothing is paid twice
    page.locator("#agree").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(ready)
    with toss.lock:
        done = [payment for payment in toss.payments.values() if payment["approvedAt"]]
    number = page.url.rstrip("/").rsplit("/", 1)[-1]
    told = page.request.get(f"/orders/{number}/", headers={"accept": "application/json"}).json()
    assert (told["status"], told["tickets"]) == ("paid", 1)
    assert done[-1]["totalAmount"] == told["totalWon"]
    assert page.request.get(f"/payments/sandbox/{done[-1]['orderId']}/").status == 404
    assert not errors
    context.close()
