"""Plans from lines of CSV: dry, with every mistake named, then thousands of seats in one go."""

import time
import tracemalloc
import unicodedata

import pytest

from events.building import PlanInUse, build
from events.models import Plan, Seat, Venue
from events.plans import MAX_ERRORS, MOST_SEATS, generate, read_plan, spread

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def plan(db) -> Plan:
    return Plan.objects.create(venue=Venue.objects.create(name_ko="시험장"), name="default")


def test_ranges_of_sections_rows_and_seats_are_spread(plan):
    build(plan, read_plan("section,level,row,first,last\n101-103,1,A,1,10\n101-103,1,B,1,12\nF1,0,,1,500\n"))

    assert {s.code: (s.capacity, s.standing) for s in plan.sections.all()} == {
        "101": (22, False),
        "102": (22, False),
        "103": (22, False),
        "F1": (500, True),
    }
    rows = Seat.objects.filter(section__code="101").order_by("place").values_list("row", "number", "place")
    assert list(rows)[:2] == [("A", 1, 0), ("A", 2, 1)]
    assert list(rows)[-1] == ("B", 12, 21)


def test_the_generator_writes_what_the_reader_reads(plan):
    draft = read_plan(generate(sections="1-30", level=2, rows=25, seats=40))

    assert not draft.errors
    assert build(plan, draft) == 30_000
    assert Seat.objects.filter(section__plan=plan).count() == 30_000


def test_a_generator_without_rows_makes_a_standing_area():
    draft = read_plan(generate(sections="S", level=0, rows=0, seats=800))

    assert draft.blocks["S"].standing
    assert draft.capacity == 800


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("A,1,1", "section, level, row, first, last"),
        ("A,x,1,1,5", "“x”"),
        ("A,-1,1,1,5", "“-1”"),
        ("A,12,1,1,5", "“12”"),
        ("A,1,1,5,1", "5"),
        ("A,1,1,0,5", "0"),
        ("A,1,1,1.5,5", ""),
        ("A,1,1,١,5", ""),
        ("A,1,1,1,9999999", ""),
        ("A,1,9-1,1,5", "9-1"),
        (",1,1,1,5", "20"),
        (f"{'A' * 21},1,1,1,5", "20"),
        ("A,1,verylongrow,1,5", "8"),
        ('A,1,"1,1,5', ""),
        ("20-Jan,1,1,1,5", "20-Jan"),
        ("101,1,1월 20일,1,5", "1월 20일"),
        ("101,1,Jan-20,1,5", "Jan-20"),
        ("101,1,1/20,1,5", "1/20"),
        ("2026-01-20,1,1,1,5", "2026-01-20"),
        ("B2-A9,1,J-A,1,5", "J-A"),
    ],
)
def test_every_mistake_is_named_with_its_line(line, said):
    draft = read_plan(f"section,level,row,first,last\nB,1,1,1,5\n{line}\nC,1,1,1,5\n")

    (error, *_) = draft.errors
    assert error.line >= 3
    assert said in error.text


def test_a_seat_twice_a_level_twice_and_a_standing_area_with_rows_are_mistakes():
    draft = read_plan("A,1,1,1,5\nA,1,1,5,9\nA,2,2,1,5\nS,0,,1,9\nS,0,1,1,9\n")

    assert [error.line for error in draft.errors] == [2, 3, 5]


def test_an_empty_file_and_a_flood_are_mistakes():
    assert read_plan("").errors
    assert read_plan("section,level,row,first,last\n").errors
    assert read_plan("1-9999,1,1-9999,1,999999\n").errors


@pytest.mark.parametrize(
    "lines",
    [
        "1-9999,1,1-9999,1,1",
        "1-999,1,1-20,1,700",
        generate(sections="1-999", level=1, rows=200, seats=50_000),
        "A,1,1-9999,1,20\nB,1,1,1,1",
        "A,1,1-9999,1,20\n" + "B,1,1,1,199999\n" * 30_000,
    ],
    ids=lambda lines: lines[:30],
)
def test_a_flood_is_refused_before_it_takes_memory_or_time(lines):
    began = time.process_time()
    tracemalloc.start()
    try:
        draft = read_plan(lines)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert draft.errors or draft.capacity <= MOST_SEATS
    assert len(draft.errors) <= MAX_ERRORS
    assert peak < 60_000_000
    assert time.process_time() - began < 20


def test_the_largest_plan_is_read_and_one_place_more_is_not():
    assert read_plan("1-400,1,1-10,1,50\n").capacity == MOST_SEATS
    assert not read_plan("1-400,1,1-10,1,50\n").errors
    assert read_plan("1-400,1,1-10,1,50\nX,1,1,1,1\n").errors[0].line == 2


def test_many_short_lines_are_read_in_time_that_grows_with_their_number():
    def seconds(lines: int) -> float:
        began = time.process_time()
        assert not read_plan("".join(f"S{i % 999},1,R{i // 999},1,2\n" for i in range(lines))).errors
        return time.process_time() - began

    seconds(1000)
    assert seconds(40_000) < 15 * seconds(8_000)


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("A1-A3", ["A1", "A2", "A3"]),
        ("A1-3", ["A1", "A2", "A3"]),
        ("A-C", ["A", "B", "C"]),
        ("a-c", ["a", "b", "c"]),
        ("01-03", ["01", "02", "03"]),
        ("098-101", ["098", "099", "100", "101"]),
        ("8-10", ["8", "9", "10"]),
        ("VIP-1", ["VIP-1"]),
        ("가-나", ["가-나"]),
        ("A1-B3", ["A1-B3"]),
        ("", [""]),
    ],
)
def test_ranges_mean_what_people_write(cell, names):
    assert spread(cell) == names


def test_a_name_typed_on_a_mac_and_elsewhere_is_one_section_and_a_header_may_have_capitals():
    composed = "가"
    draft = read_plan(
        f"Section,Level,Row,First,Last\n{composed},1,1,1,5\n{unicodedata.normalize('NFD', composed)},1,2,1,5\n"
    )

    assert (list(draft.blocks), draft.errors) == ([composed], [])


def test_a_plan_that_events_are_priced_on_is_not_replaced(event):
    with pytest.raises(PlanInUse):
        build(event.plan, read_plan("X,1,1,1,5\n"))

    assert set(event.plan.sections.values_list("code", flat=True)) == {"A", "S"}


def test_building_again_replaces_what_was_there(plan):
    build(plan, read_plan("A,1,1,1,5\n"))
    build(plan, read_plan("B,1,1,1,7\n"))

    assert list(plan.sections.values_list("code", "capacity")) == [("B", 7)]
