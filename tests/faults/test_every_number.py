"""Every fault of docs/faults.md has a test that carries its number, where the table says."""

import re

import pytest

from tests.site import ROOT

NUMBERS = [f"F{i}" for i in range(1, 33)] + [f"B{i}" for i in range(1, 28)]
TEST = re.compile(r"^(?:async )?def test_([fb])0?(\d+)_", re.MULTILINE)
ROW = re.compile(r"^\| ([FB]\d+) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)

TESTS = ROOT / "tests"
CARRIED = {
    path.relative_to(TESTS).as_posix(): {
        f"{letter.upper()}{number}" for letter, number in TEST.findall(path.read_text())
    }
    for path in TESTS.rglob("test_*.py")
}
ROWS = ROW.findall((ROOT / "docs" / "faults.md").read_text())


def test_the_table_has_every_number_once_and_no_other():
    assert [number for number, *_ in ROWS] == NUMBERS


@pytest.mark.parametrize("number", NUMBERS)
def test_tests_carry_the_number_where_the_table_says(number: str):
    ((_, _, _, files),) = (row for row in ROWS if row[0] == number)

    assert set(files.split(", ")) <= {file for file, numbers in CARRIED.items() if number in numbers}


def test_no_test_carries_a_number_that_is_none():
    assert set().union(*CARRIED.values()) <= set(NUMBERS)
