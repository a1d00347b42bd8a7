"""verify.html, opened from disk as a visitor would: it says what verify.py says, and reaches nobody."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.browser import chromium
from tests.conftest import missing
from tests.waitingroom.draw.attacks import ATTACKS, Case, demonstration, honest
from tests.waitingroom.draw.evening import RANDOMNESS, Evening
from waitingroom.draw import verify

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
PAGE = Path(verify.__file__).with_suffix(".html")
# What only BLS12-381 shows, which no browser has: the page says that it cannot tell.
UNSEEN = {name for name, (_, code, _) in ATTACKS.items() if code == "drand-wrong"}
UNLIKE = {"drand-holds", "drand-unchecked"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if chromium.path() is None:
        missing("Debian's package `chromium` is needed")
    with chromium.launched() as launched:
        yield launched


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """The page from disk, in English, with no network."""
    context = browser.new_context(locale="en-GB", offline=True)
    opened = context.new_page()
    opened.goto(PAGE.as_uri())
    yield opened
    context.close()


def checked(page: Page, case: Case) -> Any:
    """The page's report on the case."""
    given = [case.bundle, case.receipts, {"key": case.key, "email": case.email}]
    return page.evaluate("([bundle, receipts, options]) => verify(sentences, bundle, receipts, options)", given)


def as_file(text: str) -> FilePayload:
    """A file to pick."""
    return {"name": "file.json", "mimeType": "application/json", "buffer": text.encode()}


def hand_over(page: Page, case: Case) -> None:
    """A visitor picks the files and asks."""
    page.set_input_files("#bundle", as_file(json.dumps(case.bundle)))
    page.set_input_files("#receipts", [as_file(json.dumps(one)) for one in case.receipts])
    page.fill("#email", (case.email or "").strip())
    page.fill("#key", case.key or "")
    page.click("button[type=submit]")


def test_its_sentences_are_the_programs(page: Page):
    said = page.evaluate("sentences")

    assert {code: tuple(row) for code, row in said.items()} == verify.SENTENCES


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_is_answered_as_by_the_program(page: Page, name: str):
    attack, code, words = ATTACKS[name]
    case = attack()
    program = verify.verify(case.bundle, case.receipts, key=case.key, email=case.email)

    found = checked(page, case)

    if name in UNSEEN:
        assert any(line["code"] == "drand-unchecked" for line in found["lines"])
        assert found["verdict"] != "holds"
        return
    assert any(words in line["text"] for line in found["lines"] if (line["mark"], line["code"]) == ("no", code))
    assert [one for one in found["lines"] if one["code"] not in UNLIKE] == [
        one for one in program.lines if one["code"] not in UNLIKE
    ]
    assert found["verdict"] == program.verdict


def test_a_visitor_picks_files_and_reads_the_rank(page: Page):
    hand_over(page, honest())

    expect(page.locator("#lines li.ok", has_text=f"Your rank: {Evening().rank(7)} of 23.")).to_be_visible()
    expect(page.locator("#lines li.warn", has_text=RANDOMNESS)).to_be_visible()
    expect(page.locator("#lines li.no")).to_have_count(0)
    expect(page.locator("#verdict")).to_have_text(re.compile("not everything could be"))
    page.click("#language")
    expect(page.locator("#lines li.ok", has_text=f"순위: 23명 중 {Evening().rank(7)}번째")).to_be_visible()


def test_a_visitor_who_was_dropped_reads_so(page: Page):
    hand_over(page, ATTACKS["an_entrant_is_dropped_before_the_closing"][0]())

    expect(page.locator("#lines li.no", has_text="you were dropped")).to_be_visible()
    expect(page.locator("#verdict")).to_have_text(re.compile("does not hold"))


def test_a_draw_of_parties_alone_holds_and_says_what_that_rests_on(page: Page):
    evening = Evening(sources=dict(list(Evening().sources.items())[:2]))

    found = checked(page, Case(evening.bundle, [evening.receipt(7)], email="FAN7@example.com"))

    assert found["verdict"] == "holds"
    assert "parties-alone" in [line["code"] for line in found["lines"]]


def test_a_demonstration_is_marked_untrusted(page: Page):
    found = checked(page, demonstration())

    assert found["verdict"] == "untrusted"
    assert any(line["text"].startswith("UNTRUSTED") for line in found["lines"])


def test_a_browser_without_ed25519_says_so(page: Page):
    page.evaluate("""() => {
        crypto.subtle.importKey = async () => { throw new DOMException("no", "NotSupportedError"); };
    }""")

    found = checked(page, honest())

    assert found["verdict"] == "untrusted"
    assert [line["code"] for line in found["lines"]].count("signature-unchecked") == 1


def test_ten_thousand_entries_are_checked_while_one_waits(page: Page):
    evening = Evening(people=[f"fan{i}@example.com" for i in range(10_000)])
    page.set_default_timeout(chromium.PATIENCE_MS)

    found = checked(page, Case(evening.bundle, [evening.receipt(9_999)]))

    assert any(line["text"] == f"Your rank: {evening.rank(9_999)} of 10000." for line in found["lines"])


NONE = ["", "{", "[]", "null", '"a"', '{"format": 1}', '{"key": {}, "format": "tiketi-draw-bundle-v1"}']


@pytest.mark.parametrize("content", NONE)
def test_what_is_no_bundle_is_said_to_be_none(page: Page, content: str):
    page.set_input_files("#bundle", as_file(content))

    page.click("button[type=submit]")

    expect(page.locator("#verdict")).to_have_text("This cannot be read.")


def test_nothing_in_a_file_becomes_part_of_the_page(page: Page):
    case = honest()
    case.receipts[0]["identity"] = "<img src=x onerror=alert(1)>\u202e@example.com"
    hand_over(page, case)

    expect(page.locator("#lines li.no", has_text="<img src=x onerror=alert(1)>�@example.com")).to_be_visible()
    expect(page.locator("img")).to_have_count(0)


def test_it_can_reach_nobody(browser: Browser):
    """Its own policy forbids what a changed script would try."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(PAGE.as_uri())
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    refusal = page.evaluate("fetch('http://127.0.0.1:9/').catch((error) => error.name)")

    assert refusal == "TypeError"
    assert asked == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["ko-KR", "en-GB"])
def test_axe_finds_nothing_and_a_phone_needs_no_scrolling_sideways(browser: Browser, scheme: Any, language: str):
    context = browser.new_context(locale=language, color_scheme=scheme, viewport={"width": 320, "height": 700})
    page = context.new_page()
    page.goto(PAGE.as_uri())
    hand_over(page, ATTACKS["two_ranks_are_swapped"][0]())
    expect(page.locator("#lines li.no").first).to_be_visible()

    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})

    assert found.response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    context.close()
