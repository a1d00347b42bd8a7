"""Makes the pictures of the documents anew: `make screenshots`, some minutes.

`python -m tests.browser.screenshots NAME ...` makes some: shop, waiting, evening, tutorial.
The tutorial says itself where a picture is taken, and is walked for it in both languages.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.browser import chromium
from tests.browser.clone import Clone
from tests.browser.pictures import DESKTOP, IMAGES, draw, draw_shop, draw_waiting
from tests.browser.recording import record
from tests.browser.walk import TUTORIALS, Tutorial, walk
from tests.site import Site, running

# What is drawn on a site of its own, and the files that it makes.
DRAWN: dict[str, tuple[Callable[[Browser, Site], None], tuple[str, ...]]] = {
    "shop": (draw_shop, ("list.png", "event.png", "seats.png")),
    "waiting": (draw_waiting, ("waiting-ko.png", "waiting-en.png", "waiting-phone.png")),
    "evening": (record, ("evening.webp",)),
}


def made() -> set[str]:
    """The files that this command makes."""
    drawn = {name for _, names in DRAWN.values() for name in names}
    return drawn.union(*(Tutorial(language, 0).pictures for language in TUTORIALS))


def walk_tutorial(browser: Browser, language: str) -> None:
    """Walk it as its test does, and take its pictures."""

    def open_page(**options: Any) -> Page:
        return browser.new_context(viewport=DESKTOP, **options).new_page()

    def picture(name: str, page: Page) -> None:
        draw(page, name.removesuffix(".png"))

    with tempfile.TemporaryDirectory() as folder:
        clone = Clone(Path(folder))
        tutorial = Tutorial(language, clone.port)
        with clone.site(tutorial.start):
            walk(clone, tutorial, open_page, picture)


@contextmanager
def site() -> Iterator[Site]:
    """A site for one kind of picture: what a crowd left behind would be seen in the next."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as site:
        yield site


def main(wanted: list[str]) -> None:
    """Start a site for each, draw, end it."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with chromium.launched() as browser:
        for name, (draws, _) in DRAWN.items():
            if not wanted or name in wanted:
                with site() as one:
                    draws(browser, one)
        if not wanted or "tutorial" in wanted:
            for language in TUTORIALS:
                walk_tutorial(browser, language)


if __name__ == "__main__":
    main(sys.argv[1:])
