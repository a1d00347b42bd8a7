"""docs/developing.md: its commands are make's, and what it says that tests listen to they do."""

import re

from tests.documents.pages import DOCS
from tests.site import ROOT

TEXT = (DOCS / "developing.md").read_text()


def test_every_command_of_make_is_told_and_none_besides():
    made = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"`make ([a-z-]+)`", TEXT)) == made


def test_tests_listen_to_every_variable_that_is_told():
    told = re.findall(r"^\| `([A-Z_]+)` \|", TEXT, re.MULTILINE)
    read = "".join(file.read_text() for file in (ROOT / "tests").rglob("*.py"))

    assert told
    for name in told:
        assert re.search(rf'environ(\.get\(|\[)"{name}"|"{name}" in os\.environ', read), name
