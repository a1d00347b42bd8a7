"""The page of a gathering on its own: it counts down by the server's clock, and turns by itself."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.staged import Stage, gathers, update
from tests.browser.states import TURN, by_lot, event_told, for_accounts

pytestmark = pytest.mark.browser

Gather = Callable[..., Stage]


@pytest.fixture
def gather(open_page: Open) -> Gather:
    """A page that gathers, connected, of a sale that opens in so many seconds."""

    def make(opens_in_s: float, order: str = "arrival", language: str = "ko", **options: Any) -> Stage:
        event = event_told()
        for_accounts(event)
        if order == "draw":
            by_lot(event)
        told = {"stage": "gathering", "order": order, "opens_in": round(1000 * opens_in_s), "total": 5000}
        stage = Stage(open_page(**options), "gathering", language, event, **told)
        stage.socket("open")
        stage.socket("say", gathers(opens_in_s, order))
        return stage

    return make


def test_it_counts_down_in_the_title_too_and_is_right_after_a_sleep(gather: Gather) -> None:
    stage = gather(90)
    clock = stage.page.locator("#opens-in")
    expect(clock).to_have_text("1:30")

    stage.passes(10)
    expect(clock).to_have_text("1:20")
    expect(stage.page).to_have_title(re.compile("^1:20 "))
    stage.page.clock.set_system_time(60 + 10 + 45)  # asleep: time went on, timers did not
    stage.passes(1)
    expect(clock).to_have_text("0:34")


@pytest.mark.parametrize("language", ["ko", "en"])
def test_at_zero_words_stand_where_the_countdown_stood_and_nothing_moves(gather: Gather, language: str) -> None:
    stage = gather(1, language=language, viewport={"width": 390, "height": 844})
    before = stage.page.locator("#gathering").bounding_box()
    stage.passes(2)

    expect(stage.page.locator("#opens-in")).to_have_text({"ko": "지금 오픈합니다", "en": "Opening now"}[language])
    assert stage.page.locator("#gathering").bounding_box() == before


def test_words_that_travelled_longer_put_nothing_off_and_an_opening_that_was_moved_does(gather: Gather) -> None:
    stage = gather(90)
    clock = stage.page.locator("#opens-in")
    stage.passes(10)
    stage.socket("say", gathers(81))  # a second on its way
    expect(clock).to_have_text("1:20")
    stage.socket("say", gathers(79))  # and a quicker one
    expect(clock).to_have_text("1:19")

    stage.socket("say", gathers(600))
    expect(clock).to_have_text("10:00")


def test_a_clock_that_was_set_by_hand_is_set_right_by_the_next_word(gather: Gather) -> None:
    stage = gather(90)
    stage.page.clock.set_system_time(60 + 3600)
    stage.socket("say", gathers(90))
    stage.passes(1)

    expect(stage.page.locator("#opens-in")).to_have_text("1:29")


def test_ten_five_and_one_minute_are_spoken(gather: Gather) -> None:
    stage = gather(601)
    spoken = stage.page.locator("#spoken")
    expect(spoken).to_have_text("")
    for passes_s, minutes in ((2, "10분"), (300, "5분"), (240, "1분")):
        stage.passes(passes_s)
        expect(spoken).to_contain_text(minutes)


@pytest.mark.parametrize("order", ["arrival", "draw"])
def test_who_gathers_may_ask_for_signals_and_reads_why_to_sign_in_now(gather: Gather, order: str) -> None:
    stage = gather(90, order)
    expect(stage.page.locator(".keep.sign-in")).to_be_visible()
    stage.page.get_by_role("button", name="차례가 되면 알림 받기").click()

    expect(stage.page.locator("#signals")).to_be_visible()


def test_who_gathered_by_arrival_goes_on_in_line_without_a_click(gather: Gather) -> None:
    stage = gather(1)
    expect(stage.page.locator("#position")).to_be_hidden()
    stage.passes(1)
    stage.socket("say", update(40))

    expect(stage.page.locator("#position")).to_have_text("40")
    expect(stage.page.locator("#gathering")).to_be_hidden()
    expect(stage.page.get_by_role("dialog", name="대기열 입장")).to_be_visible()
    assert (stage.loads, stage.polls) == (1, 0), "and asks for nothing"


def test_of_a_draw_it_says_that_it_is_drawn_and_then_the_place(gather: Gather) -> None:
    stage = gather(1, "draw")
    stage.passes(1)
    stage.socket("say", gathers(0, "draw"))
    expect(stage.page.locator(".drawing")).to_be_visible()
    expect(stage.page.locator("#spoken")).not_to_be_empty()
    stage.socket("say", update(3512))

    expect(stage.page.locator("#position")).to_have_text("3,512")
    assert stage.loads == 1


def test_whose_turn_it_is_at_the_opening_goes_in(gather: Gather) -> None:
    stage = gather(1)
    stage.passes(1)
    stage.socket("say", TURN)
    stage.reloads(within=1.2)


def test_whose_turn_comes_at_the_opening_of_a_hidden_tab_finds_it_kept(gather: Gather) -> None:
    stage = gather(1)
    stage.hide(True)
    stage.passes(1)
    stage.socket("say", TURN)

    expect(stage.page.locator("#claim-left")).to_have_text("1분")
    expect(stage.page.locator("#gathering")).to_be_hidden()
    assert stage.loads == 1
