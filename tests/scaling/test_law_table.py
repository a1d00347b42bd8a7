"""docs/scaling.md says what the simulator does: what the law orders, the waits that follow, the reference's evening."""

import re
from pathlib import Path

import pytest

from scaling.simulator.documented import HORIZONS_S, ROOMS, law_row, ordered, spread_rows, timeline_rows

DOCS = (Path(__file__).parents[2] / "docs" / "scaling.md").read_text()
ROW = re.compile(r"^\| (\d{3}) \| (\d+) \| ([\d /]+) \| [\d,]+ \| [\d,/ ]+ \| [\d,]+ \| [\d,/ ]+ \|$", re.MULTILINE)


@pytest.mark.parametrize("horizon_s", [190, 300, 500])
def test_the_waits_that_follow_the_law_are_those_of_the_docs(horizon_s: int):
    assert law_row(horizon_s) in DOCS.splitlines()


@pytest.mark.parametrize("row", ROW.findall(DOCS), ids=lambda row: row[0])
def test_what_the_law_orders_is_what_the_docs_say(row: tuple[str, str, str]):
    horizon_s, nine, twelve = int(row[0]), int(row[1]), [int(cell) for cell in row[2].split("/")]

    assert ordered(9_000, 1, horizon_s) == nine
    assert [ordered(12_000, rooms, horizon_s) for rooms in ROOMS] == twelve


def test_the_table_covers_the_horizons():
    assert tuple(int(row[0]) for row in ROW.findall(DOCS)) == HORIZONS_S


def test_the_references_evening_is_told_minute_by_minute():
    rows = list(timeline_rows())

    assert [row[2:7] for row in (rows[0], rows[-1])] == ["19:50", "20:06"]
    assert set(rows) <= set(DOCS.splitlines())


def test_the_gains_of_the_docs_are_those_with_boots_that_vary():
    assert set(spread_rows()) <= set(DOCS.splitlines())
