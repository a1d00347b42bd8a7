"""README's "What to click", word by word: what is typed and clicked here is read from it."""

import json
import re
import secrets
import time

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.clone import Clone
from tests.browser.conftest import Open
from tests.browser.steps import Steps
from tests.events.door_cases import pictured
from tests.patience import BUSY_S, until
from tests.site import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("site")]  # two cores carry one such site, not two

INSIDE = re.compile("^(You are in|It is your turn)$")  # straight in, or after the line
STEPS = ["The site", "The crowd", "The line", "The staff console", "A ticket", "The servers"]
LOGIN = re.compile(r"Staff console:\s+(\S+)\s+\((\S+) / (\S+)\)")
TICKET_CODE = """
from events.models import Ticket
from events.door.codes import code_of
print(code_of(Ticket.objects.latest("pk")))
"""


class Readme(Steps):
    """The steps of "What to click", and how the site is started."""

    def __init__(self, port: int) -> None:
        text = (ROOT / "README.md").read_text()
        section = text.partition("## What to click")[2].partition("\n## ")[0]
        super().__init__(section, r"^\d\. \*\*(.+?)\*\*", port)
        block = text.partition("## Two commands")[2].partition("```sh\n")[2].partition("```")[0]
        self.make_run = block.splitlines()[0].partition("#")[0].strip()

    def commands_for(self, step: str, slug: str) -> list[str]:
        """The lines to type, for this event."""
        return [line.replace("SLUG", slug) for line in self.commands(step)]


def position(page: Page) -> int:
    """The place that the waiting page shows; 0 when it has gone."""
    shown = page.locator("#position")
    return int(shown.inner_text().replace(",", "")) if shown.count() else 0


def expect_inside(page: Page) -> None:
    """The event's own page has come by itself."""
    expect(page.get_by_role("heading", name=INSIDE)).to_be_visible(timeout=90_000)


def waiting(clone: Clone, slug: str) -> int:
    """How many wait, as operators see it."""
    found: int = json.loads(clone.shell(f".venv/bin/python manage.py waitingroom show {slug} --json"))["waiting"]
    return found


def save(form: Page, **fields: str) -> float:
    """Change the room in the event's form; when it was saved."""
    address = form.url
    for name, value in fields.items():
        field = form.locator(f"#id_{name}")
        if name == "mode":
            field.select_option(value)
        else:
            field.fill(value)
    form.locator("[name=_continue]").click()
    expect(form.locator(".messagelist .success")).to_be_visible()
    assert form.url == address
    return time.monotonic()


def test_every_word_of_what_to_click_is_so(clone: Clone, chromium: Browser, open_page: Open) -> None:
    readme = Readme(clone.port)
    assert readme.names == STEPS
    with clone.site(readme.make_run) as printed:
        slug, reader = enter_an_event(readme, open_page)
        crowd_and_line(readme, clone, slug, open_page)
        login = staff_console(readme, printed, slug, open_page)
        reader.close()
        ticket(readme, clone, login, open_page)
    run_again, storm = readme.commands_for("The servers", slug)
    with clone.site(run_again):
        servers(clone, storm, slug, open_page)
    assert readme.left == set()


def enter_an_event(readme: Readme, open_page: Open) -> tuple[str, Page]:
    """Step 1."""
    page = open_page(locale="en-US")
    page.goto(readme.link("The site"))
    page.locator("li.event-card", has=page.locator(".badges", has_text="On sale")).first.locator("a").click()
    expect_inside(page)
    return page.url.rstrip("/").rpartition("/")[2], page


def crowd_and_line(readme: Readme, clone: Clone, slug: str, open_page: Open) -> None:
    """Steps 2 and 3."""
    names, tune, storm = readme.commands_for("The crowd", slug)
    assert slug in clone.shell(names)
    clone.shell(tune)
    with clone.running(storm) as blowing:
        until(lambda: waiting(clone, slug) > 150, within=60)
        private = open_page(locale="en-US")
        private.goto(f"{readme.link('The site')}events/{slug}/")
        drawn = position(private)
        assert drawn > 20
        until(lambda: position(private) < drawn)
        before = position(private)
        private.reload()
        assert position(private) <= before
        expect_inside(private)
        assert blowing.wait(120) == 0, (clone.folder / "terminal").read_text()


def staff_console(readme: Readme, printed: str, slug: str, open_page: Open) -> tuple[str, str]:
    """Step 4."""
    told = LOGIN.search(printed)
    assert told
    where, name, password = told.groups()
    assert where == readme.link("The staff console")
    staff = open_page(locale="en-US")
    staff.goto(where)
    staff.locator("#id_username").fill(name)
    staff.locator("#id_password").fill(password)
    staff.locator("[type=submit]").click()
    staff.locator("a[href='/admin/events/event/']").first.click()
    staff.locator("#searchbar").fill(slug)
    staff.locator("#searchbar").press("Enter")
    staff.locator("#result_list tbody th a").click()  # one event, or this is refused

    newcomer = open_page(locale="en-US")
    save(staff, threshold="1")
    newcomer.goto(f"{readme.link('The site')}events/{slug}/")
    assert position(newcomer)
    save(staff, threshold="50", mode="paused")
    expect(newcomer.locator("#paused")).to_be_visible()
    assert position(newcomer)
    saved = save(staff, mode="automatic")
    expect_inside(newcomer)
    assert time.monotonic() - saved < 2 + BUSY_S  # a second, and a page's way through a busy machine
    return name, password


def ticket(readme: Readme, clone: Clone, login: tuple[str, str], open_page: Open) -> None:
    """Step 5."""
    page = open_page(locale="en-US")
    page.goto(readme.link("The site"))
    page.get_by_role("link", name="Open Mic Tonight").click()
    tonight = page.url.rstrip("/").rpartition("/")[2]
    page.get_by_role("link", name="Pick seats").click()
    page.get_by_role("main").get_by_role("link", name=re.compile("sign up", re.IGNORECASE)).click()
    page.locator("#id_email").fill(f"{secrets.token_hex(6)}@example.com")
    page.locator("#id_password1").fill("winter-song-42")
    page.locator("form.card button").click()
    page.locator(".section-list a").first.click()
    expect(page.locator("#picker")).to_be_visible()
    page.wait_for_load_state("load")
    page.locator(".seat.free").first.click()
    page.locator("#hold").click()
    page.locator("form.pay button").click()
    page.wait_for_url("**/payments/sandbox/**")
    page.locator("button[value=succeed]").click()
    page.get_by_role("link", name="Show tickets").click()
    drawing = page.locator("article.ticket svg.qr").evaluate("svg => svg.outerHTML")
    (code,) = clone.output(".venv/bin/python", "manage.py", "shell", "-v", "0", "-c", TICKET_CODE).split()
    assert pictured(drawing) == code

    staff = open_page(locale="en-US")
    staff.goto(readme.link("A ticket"))
    staff.locator("#id_login").fill(login[0])
    staff.locator("#id_password").fill(login[1])
    staff.locator("form.card button").click()
    staff.locator("#event").select_option(tonight)
    staff.locator("#code").fill(code)
    staff.locator("#code").press("Enter")
    expect(staff.locator(".verdict h2")).to_have_text("Welcome in")


def servers(clone: Clone, storm: str, slug: str, open_page: Open) -> None:
    """Step 6."""
    with clone.running(storm):
        until(lambda: waiting(clone, slug) > 200, within=60)
        private = open_page(locale="en-US")
        private.goto(f"http://127.0.0.1:{clone.port}/events/{slug}/")
        expect(private.locator(".servers")).to_contain_text("More servers are being added!", timeout=90_000)
        expect(private.locator(".servers")).to_be_visible(timeout=90_000)
