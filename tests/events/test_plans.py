"""Plans from lines of CSV: dry, with every mistake named, then thousands of seats in one go."""

import time
import tracemalloc
import unicodedata

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from events.models import Plan, Seat, Venue
from events.plans.building import PlanInUse, build
from events.plans.drafts import MAX_ERRORS, MAX_SEATS, MAX_SECTIONS, generate, read_plan
from events.plans.files import UnreadableFile, clean, text_of
from events.plans.ranges import BadNames, names_in

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
    rows = Seat.objects.filter(section__code="101").order_by("ordinal").values_list("row", "number", "ordinal")
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
        ("B2-A9,1,1,1,5", "B2-A9"),
        ("A,1,J-A,1,5", "J-A"),
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

    assert draft.errors or draft.capacity <= MAX_SEATS
    assert len(draft.errors) <= MAX_ERRORS
    assert peak < 60_000_000
    assert time.process_time() - began < 20


def test_the_largest_plan_is_read_and_one_place_more_is_not():
    assert read_plan("1-400,1,1-10,1,50\n").capacity == MAX_SEATS
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
        ("1-06", ["01", "02", "03", "04", "05", "06"]),
        ("A1~A3", ["A1", "A2", "A3"]),
        ("101 – 103", ["101", "102", "103"]),
        ("１０１～１０３", ["101", "102", "103"]),
        ("1열-3열", ["1열", "2열", "3열"]),
        ("1-3열", ["1열", "2열", "3열"]),
        ("1A-3A", ["1A", "2A", "3A"]),
        ("AA-AC", ["AA", "AB", "AC"]),
        ("가-다", ["가", "나", "다"]),
        ("파~하", ["파", "하"]),
        ('="01-02"', ["01", "02"]),
        ("'01-02", ["01", "02"]),
        ("VIP-1", ["VIP-1"]),
        ("A-1", ["A-1"]),
        ("VIP-R", ["VIP-R"]),
        ("Marble-2", ["Marble-2"]),
        ("-", ["-"]),
        ("", [""]),
    ],
)
def test_ranges_mean_what_people_write(cell, names):
    assert names_in(clean(cell)).spread() == names


@pytest.mark.parametrize("cell", ["A1-B3", "1A-3B", "A-j", "가-J", "AA-BC", "A1열-B3열"])
def test_what_looks_like_a_range_and_is_none_is_no_name(cell):
    with pytest.raises(BadNames, match=cell):
        names_in(cell)


@pytest.mark.parametrize(
    "cell",
    [
        *("20-Jan", "20-jan-26", "Jan-20", "January 20, 2026", "1월 20일", "1월20일", "2026년 1월 20일", "1월"),
        *(
            "2026-01-20",
            "2026/1/20",
            "2026. 1. 20",
            "2026.1.20.",
            "1/20",
            "1/20/2026",
            "1-20-26",
            "1:20",
            "오전 1:20:00",
        ),
    ],
)
def test_every_kind_of_date_is_refused_with_what_to_do(cell):
    for line in (f"{cell},1,1,1,5", f"A,1,{cell},1,5", f"A,1,1,{cell},5", f"A,1,1,1,{cell}", f"A,{cell},1,1,5"):
        (error,) = read_plan(line.replace(cell, f'"{cell}"')).errors
        assert cell in error.text
        assert "1-20" in error.text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_a_file_is_read_as_korean_and_other_spreadsheets_save_it(encoding, separator, ends):
    lines = ["구역,층,열,시작,끝", "가-다,2,01-03,1,10", "똠방,1,1,1,5,,", ",,,,"]
    text = ends.join(line.replace(",", separator) for line in lines)

    draft = read_plan(text_of(text.encode(encoding)))

    assert not draft.errors
    assert {code: list(block.rows) for code, block in draft.blocks.items()} == {
        "가": ["01", "02", "03"],
        "나": ["01", "02", "03"],
        "다": ["01", "02", "03"],
        "똠방": ["1"],
    }


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"caf\xe9,1,1,1,5", "UTF-8"),
        ("東京,1,1,1,5".encode("euc-jp") + b"\xff", "CP949"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"PK\x03\x04rest of a workbook", "CSV UTF-8"),
    ],
)
def test_a_file_in_no_known_encoding_is_refused_in_words(data, said):
    with pytest.raises(UnreadableFile, match=said):
        text_of(data)


@pytest.mark.parametrize(
    "heading",
    [
        "SECTION,LEVEL,ROW,FIRST,LAST",
        "구역,층,열,시작 번호,끝 번호",
        "Section,Level,Row,First seat,Last_Seat",
        "sep=,\n블록,층,행,시작,끝",
    ],
)
def test_headings_are_understood(heading):
    draft = read_plan(f"\n{heading}\nA,1,1,1,5\n")

    assert (draft.errors, draft.capacity) == ([], 5)


def test_headings_in_another_order_put_the_columns_where_they_belong():
    draft = read_plan("층;구역;시작;끝;열\n2;A;1;5;B\n")

    assert (draft.errors, draft.blocks["A"].level, draft.blocks["A"].rows) == ([], 2, {"B": {1, 2, 3, 4, 5}})


@pytest.mark.parametrize(
    "heading", ["section,level,row,first", "구역,층,열,시작,비고", "section,level,row,first,last,last"]
)
def test_headings_that_miss_a_column_or_have_one_that_nobody_knows_are_named(heading):
    (error,) = read_plan(f"{heading}\nA,1,1,1,5\n").errors

    assert error.line == 1
    assert "section, level, row, first, last" in error.text


@pytest.mark.parametrize("twin", ["\uff21", "A\u200b", " A ", "\ufeffA", "A\u00ad"])
def test_names_that_look_alike_are_one_section(twin):
    draft = read_plan(f"A,1,1,1,5\n{twin},1,2,１,５\n")

    assert (list(draft.blocks), draft.errors) == (["A"], [])


def test_a_sign_that_nobody_can_print_is_refused():
    assert read_plan("A\x00,1,1,1,5").errors[0].line == 1
    assert read_plan("A,1,\x07,1,5").errors


def test_a_plan_has_no_more_sections_than_its_form_can_show():
    assert not read_plan(f"1-{MAX_SECTIONS},1,1,1,1").errors
    assert read_plan(f"1-{MAX_SECTIONS},1,1,1,1\nX,1,1,1,1").errors


@settings(deadline=None, max_examples=300)
@given(st.text(st.sampled_from("A1가~-–,;\t\r\n\"'= 0９Jan월일/.:\x00\u200b") | st.characters()))
def test_no_text_is_too_strange_to_read(text):
    draft = read_plan(text)

    assert draft.errors or draft.capacity


@settings(deadline=None, max_examples=300)
@given(
    st.binary()
    | st.text().map(lambda text: text.encode("utf-16"))
    | st.text("가나,\n1", min_size=5).map(lambda t: t.encode("cp949"))
)
def test_no_bytes_are_too_strange_to_read(data):
    try:
        text = text_of(data)
    except UnreadableFile:
        return
    assert read_plan(text) is not None


_NUMBER = st.integers(0, 10**7).map(str)
_NAMES = st.builds(
    "{}{}-{}{}".format, st.sampled_from(["", "A", "가"]), _NUMBER, st.sampled_from(["", "A", "가"]), _NUMBER
)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(_NAMES | st.just("A"), st.just("1"), _NAMES | st.just(""), _NUMBER, _NUMBER), max_size=20))
def test_no_plan_takes_more_than_sixty_megabytes_and_five_seconds(rows):
    began = time.process_time()
    tracemalloc.start()
    try:
        draft = read_plan("\n".join(map(",".join, rows)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert draft.capacity <= MAX_SEATS
    assert peak < 60_000_000
    assert time.process_time() - began < 5


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


def test_staff_upload_a_file_that_korean_excel_saved(admin_client, plan):
    file = SimpleUploadedFile("plan.csv", "구역,층,열,시작,끝\r\n가-나,1,1-2,1,5\r\n".encode("cp949"))

    answer = admin_client.post(reverse("admin:events_plan_build", args=[plan.pk]), {"file": file, "build": ""})

    assert answer.status_code == 302
    assert list(plan.sections.values_list("code", "capacity")) == [("가", 10), ("나", 10)]


def test_a_workbook_is_no_plan_and_says_what_to_save(admin_client, plan):
    file = SimpleUploadedFile("plan.xlsx", b"PK\x03\x04...")

    answer = admin_client.post(reverse("admin:events_plan_build", args=[plan.pk]), {"file": file, "build": ""})

    assert "CSV UTF-8" in answer.content.decode()
