"""The pictures: each that is shown is there, each that is there is shown, and a command makes it."""

from pathlib import Path

import pytest

from tests.browser.pictures import IMAGES
from tests.browser.screenshots import made
from tests.documents.pages import PAGES, links

# Made beside a measurement and a simulation: `make bench`, `manage.py simulate --chart`.
BY_OTHER_COMMANDS = {"bench.png", "simulation.png"}
MAX_BYTES = 1_500_000  # of what whoever opens the README loads


def shown() -> set[str]:
    """The files of docs/images/ that documents refer to."""
    found = {(page.parent / link).resolve() for page in PAGES for link in links(page)}
    return {file.name for file in found if file.parent == IMAGES}


def test_what_is_shown_is_what_the_command_makes():
    assert shown() - BY_OTHER_COMMANDS == made()


def test_no_picture_lies_there_unseen():
    assert {file.name for file in IMAGES.iterdir()} == shown()


@pytest.mark.parametrize("picture", sorted(IMAGES.iterdir()), ids=lambda file: file.name)
def test_a_picture_is_no_burden(picture: Path):
    assert 1_000 < picture.stat().st_size < MAX_BYTES
