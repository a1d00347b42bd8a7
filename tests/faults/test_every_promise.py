"""Every promise of docs/security.md names tests, and they are there."""

import re

import pytest

from tests.site import ROOT

TESTS = ROOT / "tests"
ROWS = [
    line.strip("| ").split(" | ")
    for line in (ROOT / "docs" / "security.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith(("| attempt |", "| --- |"))
]


def test_promises_are_rows_of_three():
    assert len(ROWS) > 25
    assert {len(row) for row in ROWS} == {3}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_promise_names_tests_that_are_there(row: list[str]):
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", row[2])

    assert named
    assert "".join(f"`{file}::{name}`, " for file, name in named).rstrip(", ") == row[2]
    for file, name in named:
        assert re.search(rf"^(async )?def {name}\(", (TESTS / file).read_text(), re.MULTILINE), name
