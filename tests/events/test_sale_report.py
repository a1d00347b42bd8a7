"""The report of a sale: its page, its files and its command say what happened, for who may know."""

import io
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from events.exports.files import WRITERS
from events.models import Event, EventStaff, Role, StaffAct, Ticket, Why
from events.sale.orders import cancel_order
from scaling.in_force import configuration
from scaling.models import ScalingDecision
from tests.events.conftest import PRICE_WON, buy, seats_of
from tests.events.test_exports import FORMULAS, read
from tests.waitingroom.line import Line
from tiketi.sale_report import kept, pages
from tiketi.sale_report.charts import MAX_LABELS, WIDTH, Chart, Series
from tiketi.sale_report.figures import parts_of
from tiketi.sale_report.kept import KEPT_SECONDS, MAX_KEPT, Kept
from tiketi.sale_report.report import SaleReport, report_of
from tiketi.sale_report.tables import TABLES
from tiketi.sale_report.time_steps import MAX_STEPS, TimeSteps
from tiketi.sale_report.timeline import decisions
from waitingroom import configure, recording, scripts
from waitingroom.errors import LineUnavailable
from waitingroom.line_records import LineRecord
from waitingroom.reasons import Reason

pytestmark = pytest.mark.django_db(transaction=True)


def page_of(client: Client, event: Event) -> str:
    answer = client.get(reverse("event-report", args=[event.pk]))
    assert answer.status_code == 200
    return str(answer.content.decode())


def told(event: Event) -> dict[str, Any]:
    out = io.StringIO()
    call_command("report", event.slug, "--json", stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


@pytest.fixture
def line_of() -> Iterator[Callable[..., Line]]:
    """The line of an event, with the clock in the test's hands; it begins three minutes ago, on the minute."""
    made: list[Line] = []

    def of(event: Event, **settings: Any) -> Line:
        configure.remove(event.slug)
        line = Line(event.slug, **settings)
        line.now_us = (int(timezone.now().timestamp()) // 60 - 3) * 60_000_000
        made.append(line)
        return line

    yield of
    for line in made:
        line.remove()


def play(line: Line) -> None:
    """Three wait 10, 11 and 12 seconds; the second of them buys, a fourth gives up, the third is inside."""
    numbers = [place.queue_number for place in line.fill("a", "b", "c", "d")]
    line.run(scripts.PROMISE, f"{numbers[0]}:20,{numbers[1]}:22")
    line.leave("d")
    line.now_us += 9_000_000 - 4
    line.tick()
    for _ in range(3):
        line.pass_s(1)
        line.look("a", "b", "c")
        line.tick()
    for visitor in ("a", "b", "c"):
        line.enter(visitor)
    line.leave("a", Reason.LEFT)
    line.leave("b", Reason.PAID)


SLOW = {"mode": "always", "users_per_minute_per_instance": 30, "threshold": 10}


def test_a_played_sale_is_told_exactly(event, make_buyer, line_of):
    line = line_of(event, **SLOW)
    play(line)
    seats = seats_of(event)
    buy(event, make_buyer(), seats[0], seats[1])
    cancelled = buy(event, make_buyer(), seats[2])
    cancel_order(cancelled.pk, by=cancelled.account, why=Why.BY_STAFF)

    found = told(event)

    assert (found["came"], found["drew"], found["straight_in"], found["let_in"]) == (4, 4, 0, 3)
    assert found["wait_s"]["count"] == 3
    assert [found["wait_s"][name] for name in ("p50", "p95", "longest")] == pytest.approx([11, 12, 12], abs=0.01)
    assert found["order"] == {"tau": 1.0, "inversions": 0, "overtaken": 0}
    assert (found["left_line"], found["left_inside"], found["did_not_buy"]) == ({"left": 1}, {"left": 1, "paid": 1}, 1)
    assert (found["waiting"], found["inside"]) == (0, 1)
    assert (found["sold"], found["won"], found["refunded_won"]) == (2, 2 * PRICE_WON, PRICE_WON)
    assert found["orders"] == {"pending": 0, "paid": 1, "expired": 0, "abandoned": 0, "cancelled": 1}
    assert (found["estimate_error"]["told"], found["estimate_error"]["checked"]) == (2, 2)
    assert found["estimate_error"]["median"] == pytest.approx(1.0, abs=0.01)  # twice as long was said
    assert sum(row["came"] for row in found["over_time"]) == 4
    assert sum(row["let_in"] for row in found["over_time"]) == 3
    assert sum(row["seats"] for row in found["over_time"]) == 2
    assert sum(row["won"] for row in found["over_time"]) == 2 * PRICE_WON
    assert (found["losses"], found["unrecorded_turns"], found["over"]) == ([], 0, False)


def test_it_says_the_same_after_redis_lost_all_and_says_that_it_did(event, admin_client, line_of):
    line = line_of(event, **SLOW)
    play(line)
    before = told(event)
    recording.move([event.room])
    line.lose()
    line.enter("e")
    found = told(event)

    for name in ("let_in", "wait_s", "order", "estimate_error", "left_line", "left_inside"):
        assert found[name] == before[name], name
    assert found["came"] == before["came"] + 1
    assert len(found["losses"]) == 1
    assert "Redis" in page_of(admin_client, event)


def test_a_sale_without_a_line_says_so(event, buyer, admin_client, line_of):
    line = line_of(event, threshold=100)
    line.enter("a")
    buy(event, buyer, seats_of(event)[0])

    text = page_of(admin_client, event)

    assert "기다린 사람이 없습니다" in text
    assert told(event)["wait_s"] == {"count": 0, "p50": None, "p95": None, "longest": None}
    assert 'id="part-waits"' not in text
    assert 'id="part-money"' in text


def test_of_a_sale_to_come_it_says_that_nothing_has_happened(make_event, admin_client, line_of):
    event = make_event(opens_at=timezone.now() + timedelta(days=1))
    line_of(event)

    assert "아직 아무 일도 없었습니다" in page_of(admin_client, event)
    assert told(event)["begins"] is None


def test_while_redis_is_away_the_page_comes_with_what_is_known(event, admin_client, line_of, monkeypatch):
    line = line_of(event, **SLOW)
    play(line)
    recording.move([event.room])

    def away(*_: Any) -> None:
        raise LineUnavailable

    monkeypatch.setattr(recording, "recall", away)
    text = page_of(admin_client, event)

    assert 'id="part-missing"' in text
    assert told(event)["let_in"] == 3
    assert told(event)["waiting"] is None


def test_the_page_is_in_both_languages_with_tables_beside_the_charts_and_no_script(event, make_buyer, line_of):
    staff = User.objects.create_superuser("hana", "hana@example.com", "winter-song-42")
    line = line_of(event, **SLOW)
    play(line)
    buy(event, make_buyer(), seats_of(event)[0])
    client = Client()
    client.force_login(staff)
    korean = page_of(client, event)
    client.cookies["django_language"] = "en"
    english = page_of(client, event)

    assert "공개 시각" not in korean  # "from" is an hour here, and no publication
    assert "instance" not in korean
    for text, words in ((korean, ("대기", "가장 오래")), (english, ("Waits", "longest wait", "Order of admission"))):
        assert all(word in text for word in words)
        assert text.count('<svg class="chart"') == 4
        assert text.count("<polyline") >= 5
        assert "style=" not in text.partition("<h2")[2]


def test_acts_stand_in_the_timeline_beside_what_scaling_decided(event, admin_client, line_of):
    line = line_of(event, **SLOW)
    play(line)
    ScalingDecision.objects.create(reason="alarm", before=2, after=7)
    StaffAct.objects.create(
        who="minsu", act="altered", kind="waitingroom", about=event.slug, event=event.slug,
        values={"threshold": [1000, 50]}, address="203.0.113.9",
    )  # fmt: skip
    line.enter("late")

    text = page_of(admin_client, event)

    assert "threshold: 1000 → 50" in text
    assert "203.0.113.9" not in text


MIDNIGHT = datetime(2026, 11, 26, 15, 0, tzinfo=UTC)  # in Seoul


@pytest.mark.parametrize(
    "seconds", [[0], [0, 0, 60], [37, 40, 3600, 3601, 3602], range(0, 48 * 60, 60), [0, 1], [37, 97], [0, 86_400]]
)
@pytest.mark.parametrize("begins", [MIDNIGHT, MIDNIGHT - timedelta(minutes=1), MIDNIGHT + timedelta(hours=9)])
def test_an_axis_tells_the_time_that_the_lines_have_there(begins, seconds):
    at = [begins + timedelta(seconds=second) for second in seconds]

    chart = Chart.of("servers", at, [Series("ordered", [2.0] * len(at))], str)

    lasts = max(1.0, (at[-1] - at[0]).total_seconds())
    assert 1 <= len(chart.labels) <= MAX_LABELS
    for x, instant in chart.labels:
        assert x == pytest.approx(WIDTH * (instant - at[0]).total_seconds() / lasts)
        assert 0 <= x <= WIDTH
        assert instant.second == 0 or chart.labels == [(0, at[0])]  # no more than minutes are shown
    assert len({f"{instant:%d %H:%M}" for _, instant in chart.labels}) == len(chart.labels)


def test_a_page_has_one_clock_the_venues(event, buyer, admin_client, line_of):
    line_of(event)
    event.venue.time_zone = "America/New_York"
    event.venue.save()
    buy(event, buyer, seats_of(event)[0])
    sold_at = Ticket.objects.get(line__order__event=event).issued_at

    text = page_of(admin_client, event)

    there = timezone.localtime(sold_at, ZoneInfo("America/New_York"))
    part = text.partition('id="part-line"')[2].partition("</table>")[0]
    assert f"{there:%H:%M %Z}" in part
    assert "KST" not in text.partition("report-when")[2]


def test_a_decision_that_was_refused_or_held_back_says_why():
    ScalingDecision.objects.create(reason="alarm", before=2, after=7, fault="ThrottlingException")
    ScalingDecision.objects.create(reason="alarm", before=2, after=8, held_back="shadow")
    now = timezone.now()

    refused, held_back = decisions(now - timedelta(minutes=1), now)[::-1]

    assert "ThrottlingException" in refused.why
    assert held_back.why.endswith(")")


ROLES_WITH_REPORT = {Role.BOX_OFFICE: 200, Role.FINANCE: 200, Role.ORGANISER: 200, Role.DOOR: 403}


@pytest.mark.parametrize(("role", "status"), ROLES_WITH_REPORT.items())
def test_who_sees_the_events_sales_sees_its_report_and_no_acts(event, make_event, line_of, role, status):
    line_of(event)
    StaffAct.objects.create(who="minsu", act="altered", kind="event", about="x", event=event.slug)
    member = User.objects.create_user(f"member-{role}", is_staff=True)
    EventStaff.objects.create(event=event, account=member, role=role)
    client = Client()
    client.force_login(member)

    answer = client.get(reverse("event-report", args=[event.pk]))
    elsewhere = client.get(reverse("event-report", args=[make_event().pk]))

    assert (answer.status_code, elsewhere.status_code) == (status, 403)
    assert "minsu" not in answer.content.decode()
    may_export = role in (Role.FINANCE, Role.ORGANISER)
    export = client.post(reverse("event-report-export", args=[event.pk, "figures", "csv"]))
    assert export.status_code == (200 if may_export else 403)
    assert (export.getvalue()[:3] == b"\xef\xbb\xbf") is may_export
    assert client.post(reverse("event-report-export", args=[event.pk, "timeline", "csv"])).status_code == 403


@pytest.mark.parametrize(("permissions", "told"), [([], False), (["view_scalingdecision"], True)])
def test_why_servers_were_ordered_is_for_who_may_see_the_fleets_decisions(event, buyer, line_of, permissions, told):
    line_of(event)
    buy(event, buyer, seats_of(event)[0])
    sold_at = Ticket.objects.get(line__order__event=event).issued_at
    Ticket.objects.filter(line__order__event=event).update(issued_at=sold_at - timedelta(minutes=5))
    decision = ScalingDecision.objects.create(reason="prewarm", before=2, after=7)
    ScalingDecision.objects.filter(pk=decision.pk).update(at=sold_at - timedelta(minutes=4, seconds=30))
    member = User.objects.create_user("somebody", is_staff=True)
    member.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    EventStaff.objects.create(event=event, account=member, role=Role.ORGANISER)
    client = Client()
    client.force_login(member)

    text = page_of(client, event)
    files = {
        form: read(client.post(reverse("event-report-export", args=[event.pk, "servers", form])).getvalue(), form)
        for form in WRITERS
    }

    assert (str(decision.get_reason_display()) in text) is told
    for lines in files.values():
        assert [int(line[1]) for line in lines[1:]] == [configuration().minimum, 7]
        assert [str(cell) for line in lines for cell in line].count(decision.get_reason_display()) == told
        assert {len(line) for line in lines} == {3 if told else 2}


LINES = {"figures": 99, "over-time": 99, "servers": 1, "timeline": 1}


@pytest.mark.parametrize("kind", TABLES)
def test_every_table_comes_as_csv_and_as_a_workbook_with_one_content(event, make_buyer, admin_client, line_of, kind):
    line = line_of(event, **SLOW)
    play(line)
    buy(event, make_buyer(), seats_of(event)[0])
    found = {}
    for form in WRITERS:
        answer = admin_client.post(reverse("event-report-export", args=[event.pk, kind, form]))
        assert answer.status_code == 200
        found[form] = read(answer.getvalue(), form)[: 1 + LINES[kind]]  # an export is an act, too

    assert [[str(cell) for cell in row] for row in found["csv"]] == [
        [str(cell) for cell in row] for row in found["xlsx"]
    ]
    assert len(found["csv"]) > 1
    assert admin_client.get(reverse("event-report-export", args=[event.pk, kind, "csv"])).status_code == 405
    assert admin_client.post(reverse("event-report-export", args=[event.pk, "orders", "csv"])).status_code == 404


def test_numbers_are_numbers_in_a_workbook(event, make_buyer, admin_client, line_of):
    line = line_of(event, **SLOW)
    play(line)
    buy(event, make_buyer(), seats_of(event)[0])

    sheets = {}
    for kind in ("figures", "over-time"):
        body = admin_client.post(reverse("event-report-export", args=[event.pk, kind, "xlsx"])).getvalue()
        sheets[kind] = openpyxl.load_workbook(io.BytesIO(body)).active

    figures = {(row[0].value, row[1].value): row[2] for row in sheets["figures"].iter_rows(min_row=2)}
    report = report_of(event)
    checked = 0
    for part in parts_of(report):
        for figure in part.figures:
            if isinstance(figure.value, int | float):
                cell = figures[str(part.title), str(figure.name)]
                assert cell.data_type == "n"
                assert isinstance(cell.value, int | float)
                checked += isinstance(figure.value, float)
    assert checked >= 5
    waits = [cell for row in sheets["over-time"].iter_rows(min_row=2, min_col=5, max_col=7) for cell in row]
    assert [cell.value for cell in waits if cell.data_type == "n"] == [11, 12, 12]
    assert {cell.value for cell in waits if cell.data_type != "n"} <= {""}


@pytest.mark.parametrize("text", FORMULAS)
def test_what_staff_typed_is_no_formula(event, admin_client, line_of, text):
    line_of(event)
    StaffAct.objects.create(who=text[:150], act="altered", kind="event", about="x", event=event.slug, reason=text)

    csv = read(admin_client.post(reverse("event-report-export", args=[event.pk, "timeline", "csv"])).getvalue(), "csv")
    body = admin_client.post(reverse("event-report-export", args=[event.pk, "timeline", "xlsx"])).getvalue()

    assert [cell[:1] for cell in (csv[1][1], csv[1][3])] == ["'", "'"]
    assert {cell.data_type for cell in openpyxl.load_workbook(io.BytesIO(body)).active[2]} <= {"s", "n"}


def test_the_command_prints_a_line_each_and_knows_no_other_event(event, line_of):
    line = line_of(event, **SLOW)
    play(line)
    out = io.StringIO()
    call_command("report", event.slug, stdout=out)

    assert "let in from the line: 3" in out.getvalue()
    with pytest.raises(CommandError, match="no event 'nowhere'"):
        call_command("report", "nowhere")


def test_looking_at_it_changes_nothing(event, admin_client, line_of):
    line = line_of(event, **SLOW)
    play(line)
    before = line.everything()

    page_of(admin_client, event)

    assert line.everything() == before
    assert not LineRecord.objects.exists()


def test_orders_are_counted_where_they_are(event, make_buyer, line_of):
    line_of(event)
    for seat in seats_of(event)[:3]:
        buy(event, make_buyer(), seat)

    with CaptureQueriesContext(connection) as asked:
        assert report_of(event).orders["paid"] == 3

    states = [one["sql"] for one in asked if 'SELECT "events_order"."state"' in one["sql"]]
    assert len(states) == 1
    assert "GROUP BY" in states[0]


def test_who_loads_the_page_again_at_once_makes_no_report_anew(event, make_event, admin_client, line_of, monkeypatch):
    line_of(event)
    another, made, now = make_event(), [], [1000.0]
    line_of(another)

    def making(one: Event) -> SaleReport:
        made.append(one)
        return report_of(one)

    monkeypatch.setattr(pages, "report_of", making)
    monkeypatch.setattr(kept, "time", SimpleNamespace(monotonic=lambda: now[0]))

    for _ in range(3):
        page_of(admin_client, event)
    page_of(admin_client, another)
    now[0] += KEPT_SECONDS - 0.1
    page_of(admin_client, event)
    assert made == [event, another]
    now[0] += 0.1
    page_of(admin_client, event)
    assert made == [event, another, event]

    admin_client.cookies["django_language"] = "en"
    page_of(admin_client, event)
    assert made == [event, another, event, event]  # in words of its own

    outsider = Client()
    outsider.force_login(User.objects.create_user("outsider", is_staff=True))
    assert outsider.get(reverse("event-report", args=[event.pk])).status_code == 403


def test_reports_are_made_one_at_a_time_and_few_are_kept():
    own: Kept[int] = Kept()
    made: list[int] = []
    two_at_once = threading.Barrier(2)

    def make() -> int:
        with suppress(threading.BrokenBarrierError):
            two_at_once.wait(0.3)
        made.append(1)
        return 1

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda _: own.of(1, make), range(4))) == [1] * 4
    assert made == [1]
    for key in range(2, 50):
        assert own.of(key, partial(int, key)) == key
        assert len(own._made) <= MAX_KEPT

    with pytest.raises(ZeroDivisionError):
        own.of("fails", lambda: 1 // 0)
    assert own.of("fails", lambda: 7) == 7


def test_a_ticket_that_became_void_counts_when_it_did(event, buyer, line_of):
    line_of(event)
    sold = buy(event, buyer, seats_of(event)[0])
    Ticket.objects.filter(line__order=sold).update(issued_at=timezone.now() - timedelta(minutes=30))
    cancel_order(sold.pk, by=sold.account, why=Why.BY_STAFF)

    rows = report_of(event).stretches

    assert (rows[0].seats, rows[-1].seats) == (1, -1)
    assert sum(row.won for row in rows) == 0


@pytest.mark.parametrize("minutes", [0, 1, 47, 48, 49, 600, 1440, 1441, 60 * 24 * 30, 60 * 24 * 400])
def test_however_long_a_sale_goes_on_its_steps_are_few_and_hold_all_of_it(event, minutes):
    begins = timezone.now()
    ends = begins + timedelta(minutes=minutes)

    steps = TimeSteps.over(begins, ends, event.zone)

    assert 1 <= steps.count <= MAX_STEPS
    assert steps.begins <= begins
    assert steps.start_of(steps.count) > ends
    assert (steps.step_of(begins), steps.step_of(ends)) == (0, steps.count - 1)
