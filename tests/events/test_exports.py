"""Lists out of the site: whole, readable in spreadsheets, without formulas, for those who may, and on record."""

import csv
import io
import tracemalloc
from datetime import datetime, timedelta
from typing import Any

import openpyxl
import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.test import AsyncClient, Client
from django.urls import reverse
from django.utils import timezone

from events.door.checkin import check_in
from events.door.codes import code_of
from events.exports.files import WRITERS, plain, write_csv, write_xlsx
from events.exports.table import Cell
from events.exports.tables import TABLES
from events.models import Order, Ticket, Why
from events.sale.orders import cancel_order
from tests.events.conftest import buy, hold, order, seats_of

pytestmark = pytest.mark.django_db(transaction=True)

FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\n=1", "＝1+1", "+82-10-1234"]
HARMLESS = ["-5", "12", "-1.5", "한밤", "a=b", "R+", "2026-11-26", ""]


def staff_with(*rights: str) -> Client:
    """A member of staff who sees events and orders, and has these rights besides."""
    name = f"staff-{User.objects.count()}"
    member = User.objects.create_user(name, f"{name}@example.com", "winter-song-42", is_staff=True)
    names = ["view_event", "view_order", *rights]
    member.user_permissions.set(Permission.objects.filter(codename__in=names, content_type__app_label="events"))
    client = Client()
    client.force_login(member)
    return client


def address(event: Any, kind: str, form: str = "csv") -> str:
    """Where the export is."""
    return reverse("admin:events_event_export", args=[event.pk, kind, form])


def exported(client: Client, event: Any, kind: str, form: str = "csv") -> list[list[Any]]:
    """The export's lines, read as a spreadsheet would."""
    answer = client.post(address(event, kind, form))
    assert answer.status_code == 200
    return read(answer.getvalue(), form)


def read(body: bytes, form: str) -> list[list[Any]]:
    """The lines of a file."""
    if form == "csv":
        return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    rows = openpyxl.load_workbook(io.BytesIO(body)).active.iter_rows(values_only=True)
    return [["" if cell is None else cell for cell in row] for row in rows]


@pytest.fixture
def sold(tonight, make_buyer):
    """An event with a bit of everything."""
    seats = seats_of(tonight)
    buy(tonight, make_buyer(), seats[0], seats[1])
    cancelled = buy(tonight, make_buyer(), seats[2])
    cancel_order(cancelled.pk, by=cancelled.account, why=Why.BY_STAFF)
    order(tonight, make_buyer(), seats[3])
    hold(tonight, make_buyer(), seats[4])
    check_in(code_of(Ticket.objects.filter(voided_at=None).order_by("pk")[0]), event=tonight, by=None)
    return tonight


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("kind", TABLES)
def test_every_list_comes_as_csv_and_as_a_workbook_with_one_content(sold, admin_client, kind, form):
    lines = exported(admin_client, sold, kind, form)

    other = exported(admin_client, sold, kind, "xlsx" if form == "csv" else "csv")
    assert [[str(cell) for cell in line] for line in lines] == [[str(cell) for cell in line] for line in other]
    counts = {"orders": 3, "tickets": 3, "payments": 3, "door": 1, "settlement": 2, "sales": 1}
    assert len(lines) == 1 + counts[kind]
    assert all(len(line) == len(lines[0]) for line in lines)


def test_excel_in_korean_reads_the_csv_as_utf_8(sold, admin_client):
    answer = admin_client.post(address(sold, "orders"))

    body = answer.getvalue()
    assert body.startswith(b"\xef\xbb\xbf")
    assert body.count(b"\xef\xbb\xbf") == 1
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert int(answer["Content-Length"]) == len(body)
    assert f'filename="{sold.slug}-orders-' in answer["Content-Disposition"]
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_begins_as_a_formula_is_text(text, tmp_path):
    written: dict[str, list[list[Any]]] = {}
    for form, write in WRITERS.items():
        file = io.BytesIO()
        write([["a"], [text]], file)
        written[form] = read(file.getvalue(), form)

    assert written["csv"][1][0].startswith("'")
    assert written["csv"][1][0][1:].strip() == text.strip()
    book = io.BytesIO()
    write_xlsx([["a"], [text]], book)
    cell = openpyxl.load_workbook(io.BytesIO(book.getvalue())).active["A2"]
    assert cell.data_type == "s"
    assert str(cell.value).strip() == text.strip()


@pytest.mark.parametrize("text", HARMLESS)
def test_numbers_and_plain_words_stay_as_they_are(text):
    assert plain(text) == text


def test_numbers_are_numbers_also_below_zero():
    book = io.BytesIO()
    write_xlsx([["won"], [-110_000], [0]], book)

    sheet = openpyxl.load_workbook(io.BytesIO(book.getvalue())).active
    assert [sheet["A2"].value, sheet["A3"].value] == [-110_000, 0]
    assert plain(-110_000) == -110_000


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0.25, "0.25"),
        (-0.125, "-0.125"),
        (12.0, "12"),
        (0.0, "0"),
        (-0.0, "0"),
        (-1e-9, "0"),
        (1e-6, "0.000001"),
        (1e9, "1000000000"),
    ],
)
def test_parts_of_numbers_are_numbers_as_well(number, written):
    book = io.BytesIO()
    write_xlsx([["share"], [number]], book)

    cell = openpyxl.load_workbook(io.BytesIO(book.getvalue())).active["A2"]
    assert (cell.data_type, cell.value) == ("n", number)
    assert plain(number) == written


def test_a_name_that_is_a_formula_reaches_no_spreadsheet_as_one(event, admin_client, make_buyer):
    buyer = make_buyer()
    User.objects.filter(pk=buyer.pk).update(
        username="=cmd|' /C calc'!A0", email='@x"; \x00drop@example.com'[:50].replace("\0", "")
    )
    buy(event, buyer, seats_of(event)[0])

    _, (line) = exported(admin_client, event, "orders")

    assert "'=cmd|' /C calc'!A0" in line
    assert not any(cell[:1] in "=+@\t\r" for cell in line if cell)


def test_times_have_their_zone_and_the_headings_the_language(sold, admin_client):
    korean = exported(admin_client, sold, "tickets")
    admin_client.cookies["django_language"] = "en"
    english = exported(admin_client, sold, "tickets")

    assert english[0][:2] == ["order number", "seat"]
    assert korean[0][:2] == ["주문 번호", "좌석"]
    issued = datetime.fromisoformat(english[1][english[0].index("issued at")])
    assert issued.utcoffset() == timedelta(hours=9)
    assert abs(timezone.now() - issued) < timedelta(minutes=5)
    assert "Level 1" in english[1][1]


@pytest.mark.parametrize("kind", TABLES)
def test_each_list_has_its_right(sold, kind):
    for right, kinds in {
        "export_orders": {"orders", "tickets", "door"},
        "export_money": {"payments", "settlement", "sales"},
        "export_buyers": set(),
        "refund_order": set(),
    }.items():
        client = staff_with(right)
        answer = client.post(address(sold, kind))
        answer.close()
        assert answer.status_code == (200 if kind in kinds else 403)
        shown = client.get(reverse("admin:events_event_sales", args=[sold.pk])).content.decode()
        assert (address(sold, kind) in shown) == (kind in kinds)


def test_who_the_buyers_are_is_for_those_who_may_know(sold):
    buyer = Order.objects.filter(event=sold)[0].account

    for kind in ("orders", "tickets"):
        for form in WRITERS:
            blind = exported(staff_with("export_orders"), sold, kind, form)
            seeing = exported(staff_with("export_orders", "export_buyers"), sold, kind, form)
            assert not any(buyer.email in str(line) or buyer.username in str(line) for line in blind)
            assert len(seeing[0]) == len(blind[0]) + 2
        assert "@example.com" in str(seeing)


def test_no_list_holds_what_opens_the_door(sold, admin_client):
    serials = list(Ticket.objects.filter(line__order__event=sold).values_list("serial", flat=True))

    for kind in TABLES:
        text = str(exported(admin_client, sold, kind))
        assert not any(serial in text for serial in serials)


def test_an_export_is_on_record(sold):
    client = staff_with("export_orders", "export_buyers")
    exported(client, sold, "orders", "xlsx")

    entry = LogEntry.objects.get(object_id=str(sold.pk))
    assert entry.user_id == int(client.session["_auth_user_id"])
    assert "exported orders as xlsx, with buyers" in entry.change_message


@pytest.mark.parametrize(("kind", "form"), [("nothing", "csv"), ("orders", "exe"), ("orders", "CSV")])
def test_what_is_no_export_is_not_found(sold, admin_client, kind, form):
    assert admin_client.post(address(sold, kind, form)).status_code == 404


def test_nothing_is_exported_by_looking_nor_by_strangers(sold, admin_client, browser):
    assert admin_client.get(address(sold, "orders")).status_code == 405
    assert browser.post(address(sold, "orders")).status_code == 302  # to the staff's sign-in
    assert not LogEntry.objects.exists()


def test_an_empty_event_has_headings_and_no_more(event, admin_client):
    for kind in TABLES:
        lines = exported(admin_client, event, kind)
        assert len(lines) == (2 if kind == "settlement" else 1)  # a sum of nothing


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
def test_a_hundred_thousand_lines_take_the_memory_of_a_few(write, tmp_path):
    def lines():
        yield ["number", "seat", "won"]
        for number in range(100_000):
            yield [f"ORDER{number:07}", f"1층 A구역 {number}열 1번", number]

    tracemalloc.start()
    with (tmp_path / "large").open("wb") as file:
        write(lines(), file)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 4_000_000, peak
    assert (tmp_path / "large").stat().st_size > 900_000


def test_what_one_sheet_cannot_hold_goes_on_in_the_next(monkeypatch):
    monkeypatch.setattr("events.exports.files.MAX_LINES", 4)
    file = io.BytesIO()

    lines: list[list[Cell]] = [["n"], [0], [1], [2], [3], [4], [5], [6]]
    write_xlsx(lines, file)

    sheets = openpyxl.load_workbook(io.BytesIO(file.getvalue())).worksheets
    assert [[row[0] for row in sheet.iter_rows(values_only=True)] for sheet in sheets] == [
        ["n", 0, 1, 2],
        ["n", 3, 4, 5],
        ["n", 6],
    ]


async def test_served_by_asgi_it_is_sent_in_blocks(sold, admin_user):
    client = AsyncClient()
    await client.aforce_login(admin_user)

    answer: Any = await client.post(address(sold, "orders"))

    assert answer.is_async
    body = b"".join([part async for part in answer])
    assert len(read(body, "csv")) == 4


def test_a_second_export_at_the_same_time_waits_for_staff_to_ask_again(sold, admin_client, monkeypatch):
    from events.admin import exporting

    with exporting._one_at_a_time:
        busy = admin_client.post(address(sold, "orders"))
    assert busy.status_code == 302
    assert not LogEntry.objects.exists()
    assert len(exported(admin_client, sold, "orders")) == 4


def test_the_command_writes_the_same_files(sold, tmp_path, admin_client):
    for form in WRITERS:
        path = tmp_path / f"orders.{form}"
        call_command("export", sold.slug, "orders", "--to", str(path), "--buyers")
        assert read(path.read_bytes(), form) == exported(admin_client, sold, "orders", form)

        with pytest.raises(CommandError, match="written"):
            call_command("export", sold.slug, "orders", "--to", str(path))

    call_command("export", sold.slug, "orders", "--to", str(tmp_path / "en.csv"), "--language", "en")
    lines = read((tmp_path / "en.csv").read_bytes(), "csv")
    assert lines[0][0] == "order number"
    assert "@example.com" not in str(lines)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere", "orders"], "no event"),
        (["{}", "nonsense"], "invalid choice"),
        (["{}", "orders", "--to", "orders.pdf"], "neither"),
        (["{}", "orders", "--to", "/no/such/folder/x.csv"], "written"),
    ],
)
def test_the_command_says_what_is_wrong(sold, words, said):
    with pytest.raises(CommandError, match=said):
        call_command("export", *[word.format(sold.slug) for word in words])


def test_the_sales_page_tells_of_hours_and_channels(sold, admin_client):
    page = admin_client.get(reverse("admin:events_event_sales", args=[sold.pk])).content.decode()

    assert "연습 결제" in page
    assert f"{timezone.localtime():%Y-%m-%d %H}:00 KST" in page or timezone.localtime().minute < 2
