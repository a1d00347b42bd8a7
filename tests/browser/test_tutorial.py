"""docs/tutorial.md and its Korean twin, walked word by word from a fresh clone: the reader does what the text says."""

import re

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.clone import Clone
from tests.browser.conftest import Open
from tests.browser.pictures import IMAGES
from tests.browser.steps import Kind
from tests.browser.walk import GRAMMAR, TUTORIALS, Tutorial, walk

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("site")]  # two cores carry one such site, not two


def is_there(name: str, _page: Page) -> None:
    """A picture of the text; `make screenshots` takes it where this is asked."""
    assert (IMAGES / name).is_file()


def test_a_reader_opens_a_first_sale(clone: Clone, chromium: Browser, open_page: Open) -> None:
    tutorials = [Tutorial(language, clone.port) for language in TUTORIALS]
    with clone.site(tutorials[0].start):
        for tutorial in tutorials:
            walk(clone, tutorial, open_page, is_there)
    assert [tutorial.left for tutorial in tutorials] == [set(), set()]


def verbs(language: str) -> list[str]:
    """What the reader does, in order, without the words."""
    tutorial = Tutorial(language, 8000)
    found = []
    for step in tutorial.names:
        for text, kind in tutorial.parts(step):
            if kind is Kind.INSTRUCTION:
                text = re.sub(r"^(In the \w+ window, |직원 창에서 )", "", text)
                found.append(next(verb for verb, said in GRAMMAR[language].items() if re.fullmatch(said, text)))
            else:
                found.append(kind.name)
    return found


def test_the_twins_do_the_same() -> None:
    assert verbs("en") == verbs("ko")
