"""Tables: each is one, with a head, and every row has as many cells."""

import re
from pathlib import Path

import pytest

from tests.documents.pages import PAGES, name, prose

TABLE = re.compile(r"(?:^\|.*\n?)+", re.MULTILINE)


def cells(row: str) -> int:
    """How many cells a row has; a bar that is meant as one is written with a backslash."""
    return len(re.findall(r"(?<!\\)\|", row)) - 1


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_table_has_a_head_and_no_row_breaks_off(page: Path):
    for table in TABLE.findall(prose(page)):
        head, rule, *rows = table.splitlines()
        assert re.fullmatch(r"\|( ?:?-{3,}:? ?\|)+", rule), head
        assert rows, head
        assert {cells(row) for row in (head, rule, *rows)} == {cells(head)}, head
