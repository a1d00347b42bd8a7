"""docs/README.md leads from each question to its page, and the README of the project from each folder to what it is."""

import re
import subprocess

from tests.documents.pages import DOCS, PAGES, links
from tests.site import ROOT

INDEX = DOCS / "README.md"


def test_the_index_has_every_document_in_a_question_of_its_own():
    linked = [link for link in links(INDEX) if not link.startswith("images/")]

    assert {(DOCS / link.partition("#")[0]).resolve() for link in linked} >= {*DOCS.glob("*.md")} - {INDEX}
    assert (ROOT / "waitingroom" / "README.md") in {(DOCS / link).resolve() for link in linked}


def test_the_map_has_every_folder():
    map_ = (ROOT / "README.md").read_text().partition("\n## The map\n")[2].partition("\n## ")[0]
    mapped = {name for row in re.findall(r"^\| (.+?) \|", map_, re.MULTILINE) for name in re.findall(r"`(\w+)/`", row)}

    kept = subprocess.run(["git", "ls-files", "*/*"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert mapped == {line.split("/")[0] for line in kept.splitlines() if not line.startswith(".")}


def test_every_page_begins_with_its_name_and_says_what_it_is():
    for page in PAGES:
        first, blank, second = page.read_text().split("\n")[:3]
        assert re.match(r"# \S", first), page
        assert (blank, bool(second)) == ("", True), page
