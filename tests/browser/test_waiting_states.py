"""Every state from the gathering to the end of the wait: readable and reachable for everybody, by day and by night."""

import pytest
from playwright.sync_api import ViewportSize

from tests.browser.conftest import Open
from tests.browser.states import STATES
from tests.browser.test_pages import by_day_and_night, overflow

pytestmark = pytest.mark.browser

# The narrowest that must do without scrolling sideways (WCAG 2.2, 1.4.10).
NARROW = ViewportSize(width=320, height=640)


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("state", STATES)
def test_every_state_is_accessible_and_fits_the_narrowest_screen(open_page: Open, state: str, language: str) -> None:
    stage = STATES[state].staged(open_page, language, viewport=NARROW)
    assert overflow(stage.page) <= 0

    assert by_day_and_night(stage.page, stage.rests) == []
