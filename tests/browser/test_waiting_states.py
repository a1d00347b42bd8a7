"""Every state of the waiting page: readable and reachable for everybody, in both languages, by day and by night."""

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.browser.conftest import Open
from tests.browser.staged import Stage, update
from tests.browser.test_pages import complaints, overflow

pytestmark = pytest.mark.browser

# The narrowest that must do without scrolling sideways (WCAG 2.2, 1.4.10).
NARROW = ViewportSize(width=320, height=640)
BOOTING = {"inService": 2, "pending": 5, "readyInSeconds": 100}
TURN = {"type": "queue-enter", "message": "입장이 허용되었습니다!", "claimEndsInSeconds": 60}
WORD = {"ko": "공연 시작이 30분 늦어집니다. 표는 그대로 유효합니다.", "en": "The show begins half an hour later."}
FAR = update(8245, total=10_000, estimatedWait=5000)


def said(*messages: dict[str, object]):
    """A state that these messages bring about."""

    def bring(stage: Stage) -> None:
        for message in messages:
            stage.socket("say", message)

    return bring


def hidden_turn(stage: Stage) -> None:
    stage.hide(True)
    stage.socket("say", TURN)
    expect(stage.page.locator("#claim-left")).to_be_visible()
    stage.hide(False)


def leaving(stage: Stage) -> None:
    stage.socket("say", update(90))
    stage.page.locator("#leave").click()
    expect(stage.page.locator("#confirm")).to_be_visible()


def signals(stage: Stage) -> None:
    stage.socket("say", update(90))
    stage.page.locator("#signal").click()
    expect(stage.page.locator("#signals")).to_be_visible()


def silence(stage: Stage) -> None:
    stage.socket("say", update(90))
    stage.passes(2.8)


STATES = {
    "waits": said(FAR),
    "announcement": said(FAR, {"type": "queue-announcement", "texts": WORD, "mark": "a1"}),
    "servers": said(FAR, update(8000, total=10_000, scaling=BOOTING)),
    "paused": said(update(90, mode="paused")),
    "slower": said(update(90), update(90, estimatedWait=900, cause="stay")),
    "missed": said(update(1, missedTurn=True)),
    "recovering": said(update(90), {"type": "queue-recovering", "endsInSeconds": 40}),
    "closed": said(update(90), {"type": "queue-closed", "closedReason": {"ko": "무대 점검 중", "en": "Stage check"}}),
    "left": said({"type": "queue-left", "reason": "left"}),
    "turn": hidden_turn,
    "leaving": leaving,
    "signals": signals,
    "silence": silence,
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("state", STATES)
def test_every_state_is_accessible_and_fits_the_narrowest_screen(
    open_page: Open, state: str, language: str, scheme: str
) -> None:
    stage = Stage(open_page(viewport=NARROW, color_scheme=scheme), language=language)
    stage.socket("open")
    STATES[state](stage)

    assert complaints(stage.page) == []
    assert overflow(stage.page) <= 0
