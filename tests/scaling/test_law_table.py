"""docs/scaling.md tells what the law orders over horizons, rooms and stays, and the wait that follows."""

import re
from pathlib import Path

import pytest

from scaling.law import Bounds, Line, law
from scaling.percentile import percentile
from scaling.simulator.plans import PLANS
from scaling.simulator.run import run
from scaling.simulator.scenario import REFERENCE

DOCS = Path(__file__).parents[2] / "docs" / "scaling.md"
HORIZON, ORDERS, WAIT = r"(\d+)", r"(\d+) \| (\d+) / (\d+) / (\d+)", r"([\d,]+)"
ROW = re.compile(rf"^\| {HORIZON} \| {ORDERS} \| {WAIT} \| {WAIT} \| {WAIT} \| {WAIT} \|$", re.MULTILINE)


def ordered(waiting: int, rooms: int, horizon_s: float) -> int:
    lines = [Line(waiting / rooms, 0, 500)] * rooms
    return law(
        lines, in_service=2, pending_in_s=(), horizon_s=horizon_s, target_wait_s=300, bounds=Bounds(2, 10)
    ).desired


def p99(policy: str, horizon_s: int, stay_s: int) -> int:
    sale = REFERENCE.but(boot_s=horizon_s - 10, stay_s=stay_s, length_s=REFERENCE.length_s + 3600)
    done = run(sale, PLANS[policy](sale))
    assert done.moments[-1].waiting == 0
    return round(percentile(done.waits_s, 0.99))


@pytest.mark.parametrize("row", ROW.findall(DOCS.read_text()), ids=lambda row: row[0])
def test_the_table_of_the_docs_is_what_comes_out(row: tuple[str, ...]):
    horizon_s, nine, *of_rooms = (int(cell.replace(",", "")) for cell in row)
    twelve, waits = of_rooms[:3], of_rooms[3:]

    assert ordered(9_000, 1, horizon_s) == nine
    assert [ordered(12_000, rooms, horizon_s) for rooms in (1, 2, 4)] == twelve
    assert [p99(policy, horizon_s, stay) for stay in (60, 300) for policy in ("reference", "law")] == waits


def test_the_table_covers_the_horizons():
    assert [row[0] for row in ROW.findall(DOCS.read_text())] == ["190", "250", "300", "360", "430", "500"]
