"""Buying in a real browser on the real site: by mouse, by keyboard alone, on a phone; and the door."""

import re
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import chromium as debian
from tests.browser.test_pages import complaints
from tests.conftest import missing
from tests.patience import until
from tests.site import Site

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
SALE = """
from tests.events.copies import copy_of
copy_of("old-drawer", {slug!r}, threshold={threshold})
"""
SHOW = """
from events.models import Ticket
from events.door.codes import code_of
print(code_of(Ticket.objects.latest("pk")))
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the module."""
    if debian.path() is None:
        missing("Debian's package `chromium` is needed")
    with debian.launched() as browser:
        yield browser


@pytest.fixture
def open_page(chromium: Browser, site: Site) -> Iterator[Open]:
    """Opens pages, each of a visitor of its own; an error in one fails the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_page(**options: Any) -> Page:
        context = chromium.new_context(**{"locale": "ko-KR", "base_url": site.url, **options})
        context.set_default_timeout(debian.PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors


@pytest.fixture
def make_sale(site: Site, chromium: Browser) -> Callable[[int], str]:
    """A fresh sale of a small theatre with so many visitors at once; its slug."""

    def make(threshold: int = 100) -> str:
        slug = f"test-{secrets.token_hex(4)}"
        site.manage("shell", "-c", SALE.format(slug=slug, threshold=threshold))
        stranger = chromium.new_context(base_url=site.url)
        until(lambda: "x-waiting-room" in stranger.request.get(f"/api/events/{slug}/queue/").headers)
        stranger.close()
        return slug

    return make


def sign_up(page: Page) -> None:
    """A new account, and on to where one came from."""
    page.get_by_role("link", name=re.compile("회원가입|sign up", re.IGNORECASE)).click()
    page.locator("#id_email").fill(f"{secrets.token_hex(6)}@example.com")
    page.locator("#id_password1").fill("winter-song-42")
    page.locator("form.card button").click()


def pay(page: Page) -> None:
    """From the review to the ticket."""
    page.locator("form.pay button").click()
    page.locator("button[value=succeed]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("예매가 완료되었습니다")


def test_waiting_entering_picking_by_mouse_paying_and_showing_the_ticket_once(
    make_sale: Callable[[int], str], site: Site, open_page: Open
) -> None:
    slug = make_sale(1)
    first = open_page()
    first.goto(f"/events/{slug}/")
    page = open_page()
    page.goto(f"/events/{slug}/")
    expect(page.locator("#position")).to_have_text("1")
    first.get_by_role("button", name="나가고 자리 양보하기").click()
    first.get_by_role("button", name="네, 나갈게요").click()

    page.get_by_role("link", name="좌석 선택").click()
    sign_up(page)
    page.locator(".section-list a").first.click()
    expect(page.locator("#picker")).to_be_visible()
    page.wait_for_load_state("load")
    seats = page.locator(".seat.free")
    seats.nth(12).click()
    seats.nth(13).click()
    expect(page.locator("#picked")).to_contain_text("2열 3번 · 2열 4번")
    expect(page.locator("#total")).to_have_text("90,000원")
    page.locator("#hold").click()
    expect(page.get_by_role("main").get_by_role("timer")).to_have_text(re.compile(r"^6:\d\d$"))
    pay(page)

    page.get_by_role("link", name="티켓 보기").click()
    expect(page.locator("article.ticket svg.qr")).to_have_count(2)
    code = site.manage("shell", "-c", SHOW).strip().splitlines()[-1]
    staff = open_page()
    staff.goto("/staff/door/")
    staff.locator("#id_login").fill("staff@tiketi.example")
    staff.locator("#id_password").fill("tiketi-demo")
    staff.locator("form.card button").click()
    staff.locator("#event").select_option(slug)
    for verdict in ("입장하세요", "입장 불가"):
        staff.locator("#code").fill(code)
        staff.locator("#code").press("Enter")
        expect(staff.locator(".verdict h2")).to_have_text(verdict)


# Whether the part of the page that has the focus is on the screen, and not behind what stays there (WCAG 2.4.11).
SEEN = """() => [...document.activeElement.getClientRects()].some((part) => {
  const [x, y] = [part.x + part.width / 2, part.y + part.height / 2];
  const top = document.elementFromPoint(x, y);
  return top && (document.activeElement.contains(top) || top.contains(document.activeElement));
})"""


@pytest.mark.parametrize(
    "size",
    [(1280, 720), (320, 640), (640, 450)],
    ids=["desktop", "the narrowest phone", "a laptop's page at 200 %"],
)
def test_picking_and_paying_by_keyboard_alone(
    make_sale: Callable[[], str], open_page: Open, size: tuple[int, int]
) -> None:
    slug = make_sale()
    width, height = size
    page = open_page(viewport={"width": width, "height": height})
    page.goto(f"/events/{slug}/")

    def tab_to(selector: str) -> None:
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
        for _ in range(60):
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
            page.keyboard.press("Tab")
            page.wait_for_function(SEEN)
        pytest.fail(f"{selector} cannot be reached by Tab")

    tab_to(".next-step a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/accounts/login/**")
    tab_to("main a[href*=signup]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/accounts/signup/**")
    expect(page.locator("#id_email")).to_be_focused()
    page.keyboard.type(f"{secrets.token_hex(6)}@example.com")
    tab_to("#id_password1")
    page.keyboard.type("winter-song-42")
    page.keyboard.press("Enter")
    page.wait_for_url("**/seats/")
    tab_to(".section-list a")
    page.keyboard.press("Enter")
    expect(page.locator("#picker")).to_be_visible()
    page.wait_for_load_state("load")
    tab_to("[data-seat]")
    for key in ("ArrowDown", "ArrowRight", "Space", "ArrowRight", "Space"):
        page.keyboard.press(key)
    expect(page.locator("#picked")).to_contain_text("2열 2번 · 2열 3번")
    assert page.locator("[role=checkbox][aria-checked=true]").count() == 2
    tab_to("#hold")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("예매 확인")
    tab_to("form.pay button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/payments/sandbox/**")
    tab_to("button[value=succeed]")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("예매가 완료되었습니다")
    tab_to("a[href$='/tickets/']")
    page.keyboard.press("Enter")
    expect(page.locator("article.ticket svg.qr")).to_have_count(2)


@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
def test_the_turn_comes_with_its_next_step_on_a_phones_first_screen(
    make_sale: Callable[[int], str], open_page: Open, locale: str
) -> None:
    slug = make_sale(1)
    first = open_page()
    first.goto(f"/events/{slug}/")
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, locale=locale)
    page.goto(f"/events/{slug}/")
    expect(page.locator("#position")).to_have_text("1")
    first.get_by_role("button", name="나가고 자리 양보하기").click()
    first.get_by_role("button", name="네, 나갈게요").click()

    turn, inside = ("차례가 되었어요", "입장하셨습니다") if locale == "ko-KR" else ("It is your turn", "You are in")
    heading, step = page.locator("#inside"), page.locator(".next-step a")
    expect(heading).to_have_text(turn)
    expect(heading).to_be_focused()
    expect(heading).to_be_in_viewport(ratio=1)
    assert page.title().startswith(turn)
    expect(step).to_be_in_viewport(ratio=1)
    timer = page.locator(".place-bar").get_by_role("timer")
    expect(timer).to_have_text(re.compile(r"^(10:00|9:\d\d)$"))
    expect(timer).to_be_in_viewport(ratio=1)
    page.goto(f"/events/{slug}/")
    expect(heading).to_have_text(inside)
    expect(heading).not_to_be_focused()
    assert not page.title().startswith(turn)
    expect(step).to_be_in_viewport(ratio=1)  # at the top of the page as well
    assert page.evaluate("scrollY") == 0


def test_on_a_phone_nothing_runs_out_of_the_screen(make_sale: Callable[[], str], open_page: Open) -> None:
    slug = make_sale()
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)

    def fits() -> None:
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, page.url

    page.goto("/")
    fits()
    page.goto(f"/events/{slug}/seats/")
    sign_up(page)
    fits()
    page.locator(".section-list a").first.tap()
    expect(page.locator("#picker")).to_be_visible()
    page.wait_for_load_state("load")
    page.locator(".seat.free").nth(3).tap()
    fits()
    page.locator("#hold").tap()
    page.wait_for_url("**/checkout/")
    page.wait_for_load_state("load")
    fits()
    pay(page)
    fits()
    page.get_by_role("link", name="티켓 보기").click()
    page.wait_for_url("**/tickets/**")
    page.wait_for_load_state("load")
    fits()


def test_an_open_map_shows_that_a_seat_was_taken_and_drops_it_from_the_pick(
    make_sale: Callable[[], str], open_page: Open
) -> None:
    slug = make_sale()
    slow, quick = open_page(), open_page()
    for page in (slow, quick):
        page.goto(f"/events/{slug}/seats/")
        sign_up(page)
        page.locator(".section-list a").first.click()
        expect(page.locator("#picker")).to_be_visible()
        page.wait_for_load_state("load")
        page.locator("[data-ordinal='7']").click()

    quick.locator("#hold").click()

    expect(slow.locator("[data-ordinal='7']")).to_have_class(re.compile("held"))
    expect(slow.locator("#picked")).to_contain_text("방금 나갔습니다")
    expect(slow.locator("#hold")).to_be_disabled()


def test_the_site_picks_seats_where_there_are_no_scripts(make_sale: Callable[[], str], open_page: Open) -> None:
    slug = make_sale()
    page = open_page(java_script_enabled=False)
    page.goto(f"/events/{slug}/seats/")
    sign_up(page)
    page.locator(".section-list a").first.click()
    page.locator(".count", has_text="3").click()
    page.get_by_role("button", name="자동으로 고르기").click()

    expect(page.locator("table:not(.fees) tbody tr")).to_have_count(3)
    pay(page)


PLAN = """
from events.models import Plan, Venue
print(Plan.objects.create(venue=Venue.objects.first(), name={name!r}).pk)
"""
CSV = "section,level,row,first,last\nA,1,1-2,1,5\n"


def test_a_plan_is_checked_and_built_from_pasted_lines_and_from_a_file(site: Site, open_page: Open) -> None:
    plan = site.manage("shell", "-c", PLAN.format(name=secrets.token_hex(4))).strip().splitlines()[-1]
    staff = open_page()
    staff.goto(f"/admin/events/plan/{plan}/build/")
    staff.locator("#id_username").fill("staff@tiketi.example")
    staff.locator("#id_password").fill("tiketi-demo")
    staff.locator("[type=submit]").click()

    staff.locator("#id_lines").fill(CSV)
    staff.locator("[name=check]").click()
    expect(staff.get_by_role("cell", name="10", exact=True)).to_be_visible()
    staff.locator("[name=generate]").click()  # asks for the sections it needs, and sends nothing
    assert staff.evaluate("document.getElementById('id_sections').validity.valueMissing")
    staff.locator("[name=build]").click()
    expect(staff.locator(".success")).to_be_visible()

    staff.goto(f"/admin/events/plan/{plan}/build/")
    staff.locator("#id_file").set_input_files({"name": "plan.csv", "mimeType": "text/csv", "buffer": CSV.encode()})
    staff.locator("[name=check]").click()
    expect(staff.get_by_role("cell", name="10", exact=True)).to_be_visible()
    staff.locator("#id_file").set_input_files({"name": "plan.csv", "mimeType": "text/csv", "buffer": CSV.encode()})
    staff.locator("[name=build]").click()
    expect(staff.locator(".success")).to_be_visible()


@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
def test_a_purchase_on_the_map_of_a_small_phone(make_sale: Callable[[], str], open_page: Open, locale: str) -> None:
    slug = make_sale()
    page = open_page(viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True, locale=locale)

    def fits() -> None:
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, page.url

    page.goto(f"/events/{slug}/seats/")
    sign_up(page)
    page.wait_for_url("**/seats/")
    page.wait_for_load_state("load")
    fits()
    wide = page.locator("svg.arena").bounding_box()
    page.locator("[data-zoom-in]").tap()
    larger = page.locator("svg.arena").bounding_box()
    assert wide
    assert larger
    assert larger["width"] > 1.4 * wide["width"]
    fits()
    page.locator("svg.arena a.section path").first.tap()
    expect(page.locator("#picker")).to_be_visible()
    page.wait_for_load_state("load")
    fits()
    while page.locator("[data-zoom-out]").is_enabled():
        page.locator("[data-zoom-out]").tap()
    seat = page.locator(".seat.free").nth(12)
    seat.tap()  # too small to be hit: it is enlarged
    assert page.locator("[role=checkbox][aria-checked=true]").count() == 0
    seat.tap()
    assert page.locator("[role=checkbox][aria-checked=true]").count() == 1
    box = seat.bounding_box()
    assert box
    assert min(box["width"], box["height"]) >= 24
    page.locator("#hold").tap()
    page.wait_for_url("**/checkout/")
    fits()
    page.locator("form.pay button").tap()
    page.locator("button[value=succeed]").tap()
    page.wait_for_url("**/orders/**")
    fits()


@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_seats_are_accessible(
    make_sale: Callable[[], str], open_page: Open, locale: str, scheme: str
) -> None:
    slug = make_sale()
    page = open_page(locale=locale, color_scheme=scheme, viewport={"width": 390, "height": 844})
    page.goto(f"/events/{slug}/seats/")
    sign_up(page)
    page.wait_for_url("**/seats/")
    section = page.locator(".section-list a").first.get_attribute("href")

    for address in (f"/events/{slug}/seats/", f"/events/{slug}/seats/best/?count=3", section, f"{section}?view=list"):
        page.goto(str(address))
        page.wait_for_load_state("load")
        assert complaints(page) == [], address


@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_a_purchase_are_accessible(
    make_sale: Callable[[], str], site: Site, open_page: Open, locale: str, scheme: str
) -> None:
    slug, short = make_sale(), make_sale()
    site.manage("waitingroom", "set", short, "claim_seconds=30", "idle_seconds=60")
    page = open_page(locale=locale, color_scheme=scheme, viewport={"width": 390, "height": 844})

    def is_accessible() -> None:
        page.wait_for_load_state("load")
        assert complaints(page) == [], page.url
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, page.url

    page.goto(f"/events/{short}/")
    expect(page.locator("[data-place-still]")).to_be_visible()  # a minute before the end
    is_accessible()
    page.locator("[data-place-still]").click()
    expect(page.locator("[data-place-said]")).to_be_focused()
    page.goto(f"/events/{slug}/")
    is_accessible()
    for path in ("login", "signup", "password/reset"):
        page.goto(f"/accounts/{path}/?next=/events/{slug}/seats/")
        expect(page.locator(".place-bar")).to_be_visible()
        is_accessible()
    page.goto(f"/events/{slug}/seats/")
    sign_up(page)
    page.wait_for_url("**/seats/")
    page.locator(".section-list a").first.click()
    page.locator(".count", has_text="2").click()
    page.locator("form.best button").click()
    page.wait_for_url("**/checkout/")
    is_accessible()
    page.goto(f"/events/{slug}/leave/ask/")
    is_accessible()
    page.goto(f"/events/{slug}/checkout/")
    page.locator("form.pay button").click()
    page.wait_for_url("**/payments/sandbox/**")
    is_accessible()
    sandbox = page.url
    page.locator("a.button-quiet").click()
    page.wait_for_url("**/orders/*/")
    is_accessible()
    order = page.url
    page.goto(sandbox)
    page.locator("button[value=succeed]").click()
    page.wait_for_url("**/orders/*/")
    for address in (order, f"{order}tickets/", f"{order}cancel/ask/", "/orders/", "/accounts/me/"):
        page.goto(address)
        is_accessible()
