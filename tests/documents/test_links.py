"""Every link in the documents leads somewhere, and every file they name is there."""

import re
from pathlib import Path

import pytest

from tests.documents.pages import DOCS, HISTORY, PAGES, anchors, links, name, prose
from tests.site import ROOT

NAMED = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|md|lua|yaml|yml|json|html|sh|toml|txt))`")
# Where such a path may begin, besides the page's own folder.
PLACES = (ROOT, ROOT / "tests", ROOT / "events", ROOT / "waitingroom" / "templates")
# Made by a run, or on other machines.
MADE = re.compile(r"^(dist|release|benchmarks/(results|shop/\.venv)|\.local|\.venv|shop)/")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_link_leads_somewhere(page: Path):
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", [page for page in PAGES if page not in HISTORY], ids=name)
def test_a_file_that_is_named_is_there(page: Path):
    for found in NAMED.findall(prose(page)):
        if not MADE.match(found):
            assert any((folder / found).exists() for folder in (page.parent, *PLACES)), found


def test_no_document_is_an_orphan():
    reached = {(page.parent / link.partition("#")[0]).resolve() for page in PAGES for link in links(page)}

    assert [name(page) for page in DOCS.glob("*.md") if page not in reached] == []
