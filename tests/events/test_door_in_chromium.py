"""The door in a real browser on the real site: a camera that sees the ticket's picture, a keyboard, and no network."""

import io
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import chromium as debian
from tests.conftest import missing
from tests.patience import until
from tests.site import Site

pytestmark = pytest.mark.browser

SALE = """
from django.contrib.auth.models import User
from django.core.management import call_command
from events.models import Ticket
from events.models.door import door_of
from tests.events.conftest import buy, seats_of
from tests.events.copies import copy_of
from events.door.codes import code_of
from events.door.typed_codes import typed_code
event = copy_of("old-drawer", {slug!r}, threshold=100)
door = door_of(event)
for name, value in {door!r}.items():
    setattr(door, name, value)
door.save()
buyer = User.objects.create_user({slug!r}, {slug!r} + "@example.com", "winter-song-42")
section = event.section_prices.first().section
seats = list(section.seats.order_by("ordinal").values_list("pk", flat=True))[:2]
order = buy(event, buyer, *seats)
for number, ticket in enumerate(Ticket.objects.filter(line__order=order).order_by("line__seat"), 1):
    print("TICKET", ticket.serial, code_of(ticket), order.number, typed_code(ticket, number))
"""
CANCEL = """
from events.models import Order, Why
from events.sale.orders import cancel_order
order = Order.objects.get(number={number!r})
cancel_order(order.pk, by=order.account, why=Why.BY_STAFF)
"""
ELSEWHERE = """
from events.door.checkin import Scan, admit
from events.models import Ticket
admit(Ticket.objects.get(serial={serial!r}), Scan(None, "West"))
"""
STANDS = """
from events.models import Ticket
for ticket in Ticket.objects.filter(line__order__number={number!r}).order_by("line__seat"):
    print("STANDS", bool(ticket.used_at), *[f"{{c.act}}@{{c.entrance}}" for c in ticket.changes.order_by("pk")])
"""
CAMERA = (640, 480)


class Show:
    """A show tonight whose door is open, and two tickets of one order."""

    def __init__(self, site: Site, **door: object) -> None:
        self.site, self.slug = site, f"door-{secrets.token_hex(4)}"
        said = site.manage("shell", "-v", "0", "-c", SALE.format(slug=self.slug, door=door))
        rows = [line.split()[1:] for line in said.splitlines() if line.startswith("TICKET")]
        self.serials, self.codes = [row[0] for row in rows], [row[1] for row in rows]
        self.number, self.typed = rows[0][2], [row[3] for row in rows]

    def does(self, script: str, **facts: object) -> str:
        return self.site.manage("shell", "-v", "0", "-c", script.format(number=self.number, **facts))

    def stands(self) -> list[str]:
        """Each ticket: whether used, and what happened to it where."""
        return [line[7:] for line in self.does(STANDS).splitlines() if line.startswith("STANDS")]


@pytest.fixture(scope="module")
def _chromium_is_here() -> None:
    if debian.path() is None:
        missing("Debian's package `chromium` is needed")


@contextmanager
def browser(*more: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        arguments = [*debian.ARGUMENTS, "--use-fake-ui-for-media-stream", *more]
        launched = playwright.chromium.launch(executable_path=debian.path(), args=arguments)
        yield launched
        launched.close()


def filmed(picture: bytes, to: Path) -> Path:
    """A camera's film, over and over: somebody holds the picture up for four seconds, and takes it away for four."""
    width, height = CAMERA
    code = Image.open(io.BytesIO(picture)).convert("L").resize((330, 330), Image.Resampling.BILINEAR)
    hand = np.full((height, width), 90, dtype=np.uint8)
    held = hand.copy()
    held[70:400, 150:480] = np.asarray(code)
    colours = np.full((height // 2, width // 2), 128, dtype=np.uint8).tobytes()
    with to.open("wb") as film:
        film.write(f"YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420jpeg\n".encode())
        for at in range(80):
            film.write(b"FRAME\n" + (held if at < 40 else hand).tobytes() + colours + colours)
    return to


@contextmanager
def pages(chromium: Browser, site: Site, **options: Any) -> Iterator[Callable[..., Page]]:
    """Pages of contexts of their own; an error or a breach of the policy in one fails the test."""
    errors: list[str] = []

    def open_page(**more: Any) -> Page:
        context = chromium.new_context(**{"locale": "ko-KR", "base_url": site.url, **options, **more})
        context.set_default_timeout(debian.PATIENCE_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
        return page

    yield open_page
    assert not errors


def signed_in(page: Page, address: str, email: str, password: str) -> None:
    page.goto(address)
    page.locator("#id_login").fill(email)
    page.locator("#id_password").fill(password)
    page.locator("form.card button").click()


def at_the_door(page: Page, show: Show, entrance: str = "", *, ready: str = "오프라인 준비 완료: 티켓 2장") -> None:
    """Staff, ready for the time without a network."""
    signed_in(page, f"/staff/door/?event={show.slug}", "staff@tiketi.example", "tiketi-demo")
    expect(page.locator("#ready")).to_contain_text(ready)
    if entrance:
        page.locator("#entrance").fill(entrance)
        page.locator("#entrance").press("Tab")
        page.locator("#code").focus()


def says(page: Page, heading: str, *words: str) -> None:
    expect(page.locator(".verdict h2")).to_contain_text(heading)
    for word in words:
        expect(page.locator(".verdict")).to_contain_text(word)


def types(page: Page, code: str) -> None:
    """As a scanner does: into whatever has the focus, and Enter."""
    page.keyboard.insert_text(code)
    page.keyboard.press("Enter")


def kept_for_later(page: Page) -> None:
    """Until the worker has the page, so that it opens without a network."""
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.wait_for_function("caches.match(location.pathname + location.search).then((kept) => Boolean(kept))")


def fits(page: Page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url


@pytest.mark.usefixtures("_chromium_is_here")
def test_a_camera_lets_in_refuses_undoes_and_goes_on_without_a_network(site: Site, tmp_path: Path) -> None:
    show = Show(site)
    with browser() as chromium, pages(chromium, site) as open_page:
        buyer = open_page(viewport={"width": 390, "height": 844}, device_scale_factor=2)
        signed_in(buyer, f"/tickets/{show.serials[0]}/", f"{show.slug}@example.com", "winter-song-42")
        picture = buyer.locator("svg.qr").screenshot()
    film = filmed(picture, tmp_path / "camera.y4m")

    camera = ("--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film}")
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with browser(*camera) as chromium, pages(chromium, site, **phone) as open_page:
        page = open_page(permissions=["camera"])
        at_the_door(page, show, "East")
        kept_for_later(page)
        fits(page, 390)

        page.locator("#camera").tap()
        says(page, "입장하세요", "열")
        fits(page, 390)
        expect(page.locator("#inside")).to_have_text("1")
        expect(page.locator("#counts tr")).to_have_text("East100")
        says(page, "입장 불가", "East에서 이미 사용한 티켓")  # held up again, four seconds later
        page.locator("#camera").tap()
        page.locator("#reason").fill("wrong gate")
        page.locator("#undo-form button").tap()
        says(page, "되돌렸습니다")
        expect(page.locator("#inside")).to_have_text("0")
        assert show.stands()[0] == "False let-in@East undone@East"

        page.context.set_offline(True)
        page.locator("#camera").tap()
        says(page, "오프라인: 입장하세요", "열")
        expect(page.locator("#waiting")).to_contain_text("1건")
        says(page, "입장 불가", "이미 이 티켓으로 들어온 사람")
        page.reload()  # nothing is lost with the page
        expect(page.locator("#waiting")).to_contain_text("1건")
        page.context.set_offline(False)
        expect(page.locator("#waiting")).to_have_text("", timeout=30_000)
        assert show.stands()[0] == "True let-in@East undone@East let-in@East"
        expect(page.locator("#inside")).to_have_text("1")
        expect(page.locator("#clashes")).to_be_hidden()


@pytest.mark.usefixtures("_chromium_is_here")
def test_what_happened_meanwhile_clashes_in_words_and_nothing_is_lost(site: Site) -> None:
    show, refunded = Show(site), Show(site)
    with browser() as chromium, pages(chromium, site) as open_page:
        for one, meanwhile, word in ((show, ELSEWHERE, "West"), (refunded, CANCEL, "취소")):
            page = open_page()
            at_the_door(page, one, "East")
            kept_for_later(page)
            page.context.set_offline(True)
            for code in (one.codes[0].lower(), f" {one.codes[0]}", "CBDE" * 44, one.number):
                types(page, code)
                heading = "오프라인: 입장하세요" if code == one.codes[0].lower() else "입장 불가"
                says(page, heading)
            expect(page.locator("#waiting")).to_contain_text("1건")
            one.does(meanwhile, serial=one.serials[0])

            page.context.set_offline(False)

            expect(page.locator("#clash-list li")).to_contain_text(word, timeout=30_000)
            acts = one.stands()[0]
            assert acts.endswith("against@East")
            assert acts.count("let-in") == (1 if meanwhile == ELSEWHERE else 0)
            page.reload()
            expect(page.locator("#clash-list li")).to_have_count(1)
            page.locator("#clash-list button").click()
            expect(page.locator("#clashes")).to_be_hidden()


@pytest.mark.usefixtures("_chromium_is_here")
def test_a_keyboard_a_search_and_a_device_that_reads_codes_by_itself(site: Site) -> None:
    show = Show(site, reentry=True, entrances="East\nWest")
    own_reader = """window.BarcodeDetector = class {
      static async getSupportedFormats() { return ["qr_code"]; }
      async detect() { return window.held ? [{ rawValue: window.held }] : []; }
    };"""
    with browser("--use-fake-device-for-media-stream") as chromium, pages(chromium, site) as open_page:
        english = open_page(viewport={"width": 320, "height": 700}, locale="en-US")
        at_the_door(english, show, ready="Ready for the time without a network: 2 tickets")
        fits(english, 320)
        page = open_page(viewport={"width": 320, "height": 700}, permissions=["camera"])
        page.add_init_script(own_reader)
        at_the_door(page, show)
        page.locator("#entrance").select_option("West")
        page.locator("#code").focus()
        types(page, show.number.lower())
        expect(page.locator(".found")).to_have_count(2)
        fits(page, 320)
        page.locator(".found button").nth(1).click()
        says(page, "입장하세요")
        assert page.evaluate("document.activeElement.id") == "code"
        types(page, show.codes[1].swapcase())
        says(page, "입장 불가", "West에서 이미 사용한 티켓")
        page.locator("#way").select_option("out")
        page.locator("#code").focus()
        types(page, show.codes[1])
        says(page, "안녕히 가세요")
        # Seen whole, under what stays on top, whatever had the focus.
        top = page.locator(".verdict").bounding_box()
        assert top is not None
        assert page.locator(".site-header").bounding_box()["height"] <= top["y"]  # type: ignore[index]  # it is there
        assert top["y"] + top["height"] <= 700

        page.locator("#way").select_option("in")
        page.locator("#camera").click()
        page.evaluate("code => { window.held = code; }", show.codes[1])
        says(page, "다시 오셨네요")
        page.wait_for_timeout(2500)  # it is still there: no second scan
        says(page, "다시 오셨네요")
        assert not page.evaluate("Boolean(window.jsQR)")
        until(lambda: show.stands()[1] == "True let-in@West left@West back@West")
        fits(page, 320)
        page.reload()
        expect(page.locator("#entrance")).to_have_value("West")
        expect(page.locator("#ready")).to_contain_text("오프라인 준비 완료: 티켓 2장")
        page.context.set_offline(True)
        types(page, f"{show.typed[0][:-4]}AAAA")
        says(page, "입장 불가", "이 기기의 목록에 없습니다")
        types(page, show.typed[0].lower().replace("-", " "))
        says(page, "오프라인: 입장하세요", "열")
        page.context.set_offline(False)
        expect(page.locator("#waiting")).to_have_text("", timeout=30_000)
        assert show.stands()[0] == "True let-in@West"


@pytest.mark.usefixtures("_chromium_is_here")
def test_moving_codes_change_on_the_ticket_go_on_without_a_network_and_pass_the_door(site: Site) -> None:
    show = Show(site, moving_codes=True)
    with browser() as chromium, pages(chromium, site) as open_page:
        buyer = open_page(viewport={"width": 390, "height": 844})
        buyer.clock.install()
        signed_in(buyer, f"/tickets/{show.serials[0]}/", f"{show.slug}@example.com", "winter-song-42")
        drawing = buyer.locator("svg.qr path").last
        first = drawing.get_attribute("d")
        buyer.context.set_offline(True)
        buyer.clock.fast_forward(31_000)
        expect(drawing).not_to_have_attribute("d", first or "")
        expect(buyer.get_by_text("JavaScript를 켜거나")).to_be_hidden()
        buyer.clock.fast_forward(300_000)
        expect(buyer.locator("svg.qr")).to_have_count(0)
        expect(buyer.locator("[data-away]")).to_be_visible()

        plain = open_page(java_script_enabled=False)
        signed_in(plain, f"/tickets/{show.serials[0]}/", f"{show.slug}@example.com", "winter-song-42")
        expect(plain.get_by_text("JavaScript를 켜거나")).to_be_visible()

        moving = show.does(
            "from events.models import Ticket\nfrom events.door.codes import code_of, window_now\n"
            "print('CODE', code_of(Ticket.objects.get(serial={serial!r}), window_now()))",
            serial=show.serials[0],
        ).split()[-1]
        page = open_page()
        at_the_door(page, show)
        types(page, show.codes[0])
        says(page, "입장 불가", "움직이는 코드")
        page.context.set_offline(True)
        types(page, f"{show.codes[0]} ")
        page.wait_for_timeout(2100)  # the same code within two seconds is the same scan
        types(page, show.codes[0])
        says(page, "입장 불가", "오프라인", "움직이는 코드")
        types(page, moving)
        says(page, "오프라인: 입장하세요")
