"""A new event in four steps: a draft from the first on, each refused with a reason or kept, published when whole."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.models import Event, EventStaff, EventState, Plan, PriceTier, Role, Seat, SectionPrice, StaffAct, Venue
from events.sale import event_states
from events.sale.readiness import Part, lacks_of
from events.sale.refusals import SaleUndecided
from events.sale.repricing import lock_sale
from events.staff import groups
from tests.events.conftest import seats_of
from waitingroom.models import WaitingRoom

pytestmark = pytest.mark.django_db
# The gate asks the database from its own connection.
committed = pytest.mark.django_db(transaction=True)

NEW = "/admin/events/event/new/"
COUNTED = (Event, WaitingRoom, Venue, Plan, Seat, PriceTier, SectionPrice)


def in_days(days: int, clock: str = "19:30") -> str:
    """As a browser sends a day to come."""
    return f"{timezone.localtime() + timedelta(days=days):%Y-%m-%d}T{clock}"


def facts(**changes: str) -> dict[str, str]:
    """The first step's form, filled in: with a venue that is new."""
    return {
        "title_ko": "겨울 노래",
        "title_en": "Winter Songs",
        "kind": "concert",
        "venue": "",
        "starts_at": in_days(60),
        "running_minutes": "100",
        "minimum_age": "8",
        "motif": "moon",
        "hue": "220",
        "hall-name_ko": "눈꽃홀",
        "hall-name_en": "Snow Hall",
        "hall-time_zone": "Asia/Seoul",
    } | changes


def rows(*lines: tuple[str, int, int, int]) -> dict[str, str]:
    """The generator's table."""
    sent = {"do": "generate", "generate-name": "본관", "lines-TOTAL_FORMS": "4", "lines-INITIAL_FORMS": "0"}
    blank = {"sections": "", "level": "1", "rows": "20", "seats": "20"}
    for number in range(4):
        line = lines[number] if number < len(lines) else ()
        named = blank | {name: str(value) for name, value in zip(blank, line, strict=False)}
        sent |= {f"lines-{number}-{name}": value for name, value in named.items()}
    return sent


HALL = rows(("F1-F2", 0, 0, 10), ("101-104", 1, 2, 5), ("201", 2, 1, 4))


def address(event: Event, step: str) -> str:
    return reverse(f"admin:events_event_new_{step}", args=[event.pk])


def shown(client: Client, event: Event, step: str) -> dict[str, str]:
    """What a browser would send back of a step's page (of the second: with no way chosen), unchanged."""
    page = client.get(address(event, step))
    forms = (
        [page.context[name] for name in ("choose", "generate", "upload")] if step == "hall" else [page.context["form"]]
    )
    sent = {}
    with timezone.override(event.zone):
        for form in forms:
            for name in form.fields:
                value = form[name].value()
                text = form.fields[name].widget.format_value(value) if value is not None else ""
                sent[form.add_prefix(name)] = text[0] if isinstance(text, list) and text else text or ""
    return {name: str(value) for name, value in sent.items()}


def send(client: Client, event: Event, step: str, **changes: Any):
    """Send the step's page with these changes; in the end where it leads, or the page that says what is wrong."""
    return client.post(address(event, step), shown(client, event, step) | changes)


def counted() -> list[int]:
    return [model.objects.count() for model in COUNTED]


def begin(client: Client, **changes: str) -> Event:
    answer = client.post(NEW, facts(**changes))
    assert answer.status_code == 302, answer.context["form"].errors
    return Event.objects.latest("pk")


def priced(client: Client, **changes: str) -> Event:
    """A draft after its third step."""
    event = begin(client, **changes)
    assert send(client, event, "hall", **HALL, build="").status_code == 302
    prices = {"price-0": "150,000", "price-1": "110000", "price-2": "88,000원"}
    assert send(client, event, "prices", **prices).status_code == 302
    return Event.objects.get(pk=event.pk)


def whole(client: Client, **changes: str) -> Event:
    """A draft that lacks nothing."""
    event = priced(client)
    answer = send(client, event, "sale", **changes, save="")
    assert answer.status_code == 302, answer.context["form"].errors
    return Event.objects.get(pk=event.pk)


def seats_at(event: Event) -> int:
    """Of its plan."""
    return Seat.objects.filter(section__plan__events=event.pk).count()


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200
    return {name: [str(said) for said in said_of] for name, said_of in answer.context["form"].errors.items()}


@committed
def test_from_nothing_to_on_sale_in_four_pages(admin_client, client):
    pages = [NEW]
    answer = admin_client.post(NEW, facts())
    event = Event.objects.get()
    assert (event.state(), event.venue.name_ko, event.sale_decided) == (EventState.DRAFT, "눈꽃홀", False)
    for step, sent in {
        "hall": HALL | {"build": ""},
        "prices": {"price-0": "150,000", "price-1": "110000", "price-2": "88,000원"},
        "sale": {"opens_at": f"{timezone.localtime() - timedelta(minutes=5):%Y-%m-%dT%H:%M}", "save": ""},
    }.items():
        assert answer.headers["location"] == address(event, step)
        pages.append(answer.headers["location"])
        answer = send(admin_client, event, step, **sent)
        assert answer.status_code == 302, answer.context["form"].errors
    assert len(pages) == 4
    assert answer.headers["location"] == pages[-1]
    assert client.get(f"/events/{event.slug}/").status_code == 404

    assert send(admin_client, event, "sale", publish="").status_code == 302

    event = Event.objects.get(pk=event.pk)
    assert event.state() is EventState.ON_SALE
    assert client.get(f"/events/{event.slug}/").status_code == 200
    assert "겨울 노래" in client.get("/").content.decode()
    prices = set(event.section_prices.values_list("section__level", "tier__name_ko", "tier__price_won"))
    assert prices == {(0, "VIP석", 150_000), (1, "R석", 110_000), (2, "S석", 88_000)}
    assert seats_at(event) == 20 + 40 + 4
    assert event.history.filter(history_change_reason="published").count() == 1
    assert event.history.filter(history_change_reason="published").get().history_user.username == "admin"
    assert StaffAct.objects.filter(kind="event", act="added").count() == 1


def test_every_add_leads_to_the_first_step(admin_client):
    assert admin_client.get(reverse("admin:events_event_add")).headers["location"] == NEW
    assert admin_client.get(reverse("admin:events_event_add") + "?whole").status_code == 200


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title_ko": ""}, "title_ko"),
        ({"title_ko": "가" * 121}, "title_ko"),
        ({"kind": "opera"}, "kind"),
        ({"starts_at": ""}, "starts_at"),
        ({"starts_at": "tomorrow"}, "starts_at"),
        ({"starts_at": "2001-01-01T19:30"}, "starts_at"),
        ({"starts_at": "2027-02-30T19:30"}, "starts_at"),
        ({"running_minutes": "0"}, "running_minutes"),
        ({"running_minutes": "1e3"}, "running_minutes"),
        ({"minimum_age": "20"}, "minimum_age"),
        ({"motif": "cat"}, "motif"),
        ({"hue": "360"}, "hue"),
        ({"venue": "999999"}, "venue"),
        ({"venue": "99999999999999999999999"}, "venue"),
        ({"hall-name_ko": "", "hall-name_en": ""}, "venue"),
        ({"hall-name_ko": ""}, "venue"),
        ({"hall-name_ko": "있는 곳"}, "venue"),
        ({"hall-time_zone": "Mars/Olympus"}, "venue"),
        ({"slug": "no spaces"}, "slug"),
        ({"slug": "Taken"}, "__all__"),
        ({"hall-time_zone": "America/New_York", "starts_at": "2099-03-08T02:30"}, "starts_at"),
    ],
    ids=str,
)
def test_a_first_step_with_a_mistake_says_where_and_makes_nothing(admin_client, changes, field):
    Venue.objects.create(name_ko="있는 곳")
    WaitingRoom.objects.create(slug="taken")
    before = counted()

    answer = admin_client.post(NEW, facts(**changes))

    assert field in errors(answer)
    assert counted() == before


def test_a_venue_that_is_there_is_not_described_anew(admin_client):
    venue = Venue.objects.create(name_ko="있는 곳")

    assert "venue" in errors(admin_client.post(NEW, facts(venue=str(venue.pk))))
    assert begin(admin_client, **{"venue": str(venue.pk), "hall-name_ko": "", "hall-name_en": ""}).venue == venue


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Seoul", "Europe/Paris"])
def test_times_are_those_of_the_venue(admin_client, zone):
    event = begin(admin_client, **{"hall-time_zone": zone})

    local = timezone.localtime(event.starts_at, event.zone)
    assert (str(event.zone), f"{local:%H:%M}") == (zone, "19:30")
    assert shown(admin_client, event, "what")["starts_at"] == f"{local:%Y-%m-%dT%H:%M}"
    opens_at = timezone.localtime(event.opens_at, event.zone)
    assert f"{opens_at:%H:%M}" == "20:00"  # an evening there


def test_the_address_is_made_of_the_title_and_is_nobody_elses(admin_client):
    first = begin(admin_client)
    second = begin(admin_client, **{"hall-name_ko": "다른 홀", "starts_at": in_days(61)})
    third = begin(admin_client, **{"title_en": "", "hall-name_ko": "또 다른 홀", "starts_at": in_days(62)})

    assert (first.slug, second.slug) == ("winter-songs", "winter-songs-2")
    assert re.fullmatch(r"event-\d{8}", third.slug)


def test_a_step_that_is_sent_empty_says_what_it_lacks(admin_client):
    assert {"title_ko", "starts_at", "venue"} <= errors(admin_client.post(NEW)).keys()
    event = priced(admin_client)
    before = state_of(event)

    for step in ("what", "hall", "prices", "sale"):
        assert admin_client.post(address(event, step)).status_code == 200, step
    assert admin_client.post(address(event, "hall"), {"do": "generate", "build": ""}).status_code == 200
    assert admin_client.post(address(event, "hall"), {"do": "upload", "build": ""}).status_code == 200
    assert state_of(event) == before


def test_sent_twice_the_first_step_makes_one_draft(admin_client):
    answers = [admin_client.post(NEW, facts()) for _ in range(2)]

    event = Event.objects.get()
    assert {answer.headers["location"] for answer in answers} == {address(event, "hall")}


def test_another_show_of_the_same_minute_is_another_draft(admin_client):
    first = begin(admin_client)
    again = facts(title_ko="다른 노래", venue=str(first.venue_id)) | {"hall-name_ko": "", "hall-name_en": ""}

    assert admin_client.post(NEW, again).status_code == 302
    assert admin_client.post(NEW, again | {"running_minutes": "90"}).status_code == 302

    assert Event.objects.count() == 3


@committed
def test_a_draft_is_nobody_elses_at_any_address(admin_client, client, make_buyer):
    event = whole(admin_client)
    client.force_login(make_buyer())

    for path in (f"/events/{event.slug}/", f"/api/events/{event.slug}/", f"/events/{event.slug}/seats/"):
        assert client.get(path).status_code == 404, path
    assert event.title_ko not in client.get("/").content.decode()
    assert client.get(address(event, "preview")).status_code == 302  # sign in as staff


def test_a_draft_is_gone_on_with_where_it_stopped(admin_client):
    event = begin(admin_client)
    resume = reverse("admin:events_event_new_resume", args=[event.pk])
    assert resume in admin_client.get(NEW).content.decode()
    assert resume in admin_client.get(reverse("admin:events_event_change", args=[event.pk])).content.decode()

    assert admin_client.get(resume).headers["location"] == address(event, "hall")
    send(admin_client, event, "hall", **HALL, build="")
    assert admin_client.get(resume).headers["location"] == address(event, "prices")
    send(admin_client, event, "prices", **{"price-0": "1000"})
    assert admin_client.get(resume).headers["location"] == address(event, "sale")


def state_of(event: Event) -> tuple[Any, ...]:
    """All that the steps keep."""
    event = Event.objects.get(pk=event.pk)
    kept = {
        field.name: getattr(event, field.attname) for field in event._meta.concrete_fields if field.name != "version"
    }
    room = {name: getattr(event.room, name) for name in ("threshold", "threshold_per_instance", "opens_at")}
    return kept, room, sorted(event.section_prices.values_list("section", "tier__name_ko", "tier__price_won"))


def test_going_back_and_saving_a_step_as_it_is_loses_nothing(admin_client):
    event = whole(admin_client)
    before = state_of(event)

    assert send(admin_client, event, "what").status_code == 302
    assert send(admin_client, event, "hall", do="choose").status_code == 302
    assert send(admin_client, event, "prices").status_code == 302
    assert send(admin_client, event, "sale", save="").status_code == 302

    assert state_of(event) == before


@pytest.mark.parametrize(
    ("table", "where"),
    [
        (rows(), 0),
        (rows(("101-1x", 1, 10, 20)), 0),
        (rows(("101", 1, 10, 20), ("101", 1, 10, 20)), 1),
        (rows(("101", 1, 10, 20), ("101", 2, 10, 20)), 1),
        (rows(("1-1900", 1, 200, 1000)), 0),
        (rows(("101", 10, 10, 20)), 0),
        (rows(("101", 1, 201, 20)), 0),
        (rows(("101", 1, 10, 0)), 0),
        (rows(("A" * 21, 1, 10, 20)), 0),
    ],
    ids=["nothing", "no range", "twice", "two levels", "too many", "level", "rows", "seats", "name"],
)
def test_a_generator_with_a_mistake_says_in_which_line_and_builds_nothing(admin_client, table, where):
    event = begin(admin_client)
    before = counted()

    answer = send(admin_client, event, "hall", **table, build="")

    assert answer.status_code == 200
    wrong = [number for number, form in enumerate(answer.context["generate"].lines) if form.errors]
    assert wrong == [where]
    assert counted() == before
    assert Event.objects.get(pk=event.pk).plan is None


@pytest.mark.parametrize("way", ["generate", "upload"])
def test_a_dry_run_says_what_it_would_make_and_makes_nothing(admin_client, way):
    event = begin(admin_client)
    before = counted()
    lines = {
        "do": "upload",
        "upload-lines": "section,level,row,first,last\nF1-F2,0,,1,10\n101-104,1,1-2,1,5\n201,2,1,1,4",
    }

    answer = send(admin_client, event, "hall", **(HALL if way == "generate" else lines), check="")

    assert answer.status_code == 200
    assert answer.context["dry_run"].draft.capacity == 64
    assert "64석이 만들어집니다" in answer.content.decode()
    assert counted() == before


def test_generator_and_file_stand_apart(admin_client):
    event = begin(admin_client)
    page = admin_client.get(address(event, "hall")).content.decode()

    forms = re.findall(r"<form method=\"post\".*?</form>", page, re.DOTALL)
    ours = [form for form in forms if 'name="do"' in form]
    assert len(ours) == 2  # no plan to choose yet
    assert [("lines-0-sections" in form, 'name="upload-file"' in form) for form in ours] == [
        (True, False),
        (False, True),
    ]
    assert "required" not in ours[1].replace("upload-name", "").split("upload-file")[1]


def test_a_checked_file_needs_not_be_sent_again(admin_client):
    event = begin(admin_client)
    table = "구역,층,열,시작,끝\n101-104,1,1-2,1,5\n".encode("cp949")
    sent = {"do": "upload", "upload-file": SimpleUploadedFile("hall.csv", table), "upload-name": "파일"}
    page = send(admin_client, event, "hall", **sent, check="")
    again = {name: str(page.context["upload"][name].value()) for name in ("name", "lines", "seen")}

    answer = admin_client.post(
        address(event, "hall"),
        {"do": "upload", "build": "", **{f"upload-{name}": value for name, value in again.items()}},
    )

    assert answer.status_code == 302
    plan = Plan.objects.get(events=event.pk)
    assert (plan.name, plan.venue, seats_at(event)) == ("파일", event.venue, 40)


@pytest.mark.parametrize(
    "table",
    [b"", b"PK\x03\x04workbook", b"101,1,1-10,1,x\n", b"101,1,1-10,1,20\n101,1,1-10,1,20\n", b'"101,1'],
    ids=str,
)
def test_a_file_that_is_none_says_why_and_builds_nothing(admin_client, table):
    event = begin(admin_client)
    before = counted()

    sent = {"do": "upload", "upload-file": SimpleUploadedFile("hall.csv", table), "build": ""}
    answer = send(admin_client, event, "hall", **sent)

    assert answer.status_code == 200
    assert answer.context["upload"].errors
    assert counted() == before


def test_what_one_way_needs_stops_no_other(admin_client):
    first = admin_client.get(NEW).content.decode()
    needed = re.findall(r'<[^>]*name="([^"]*)"[^>]* required', first)
    hall = admin_client.get(address(begin(admin_client), "hall")).content.decode()

    assert needed
    assert [name for name in needed if name.startswith("hall-")] == []
    assert set(re.findall(r'<[^>]*name="([^"]*)"[^>]* required', hall)) == {"generate-name", "upload-name"}


def test_another_events_plan_is_not_built_over(admin_client, event):
    mine = begin(admin_client, **{"venue": str(event.venue_id), "hall-name_ko": "", "hall-name_en": ""})
    event.section_prices.all().delete()  # what is on sale nobody builds over, whatever its name
    seats = seats_of(event)

    answer = send(admin_client, mine, "hall", **(HALL | {"generate-name": event.plan.name}), build="")

    assert "name" in answer.context["generate"].errors
    assert seats_of(event) == seats


def test_a_plan_of_another_venue_is_not_to_be_chosen(admin_client, event):
    mine = begin(admin_client)

    answer = send(admin_client, mine, "hall", **{"do": "choose", "choose-plan": str(event.plan_id)})

    assert "plan" in answer.context["choose"].errors
    assert Event.objects.get(pk=mine.pk).plan is None


def test_a_plan_that_is_there_is_taken_and_levels_keep_their_prices_under_another(admin_client, event):
    mine = begin(admin_client, **{"venue": str(event.venue_id), "hall-name_ko": "", "hall-name_en": ""})
    assert send(admin_client, mine, "hall", **{"do": "choose", "choose-plan": str(event.plan_id)}).status_code == 302
    send(admin_client, mine, "prices", **{"price-0": "50000", "price-1": "99000"})

    assert send(admin_client, mine, "hall", **HALL, build="").status_code == 302

    mine = Event.objects.get(pk=mine.pk)
    assert Plan.objects.get(events=mine.pk).name == "본관"
    prices = set(mine.section_prices.values_list("section__code", "tier__price_won"))
    assert prices == {("F1", 50_000), ("F2", 50_000), *((f"10{n}", 99_000) for n in range(1, 5))}
    assert event.section_prices.count() == 2  # the other event's stay


def test_building_again_by_the_events_own_name_replaces_its_seats_and_leaves_no_second_plan(admin_client):
    event = begin(admin_client)
    own = {"generate-name": "겨울 노래"}
    send(admin_client, event, "hall", **(HALL | own), build="")
    send(admin_client, event, "prices", **{"price-1": "99000"})

    send(admin_client, event, "hall", **(rows(("101", 1, 3, 4)) | own), build="")

    event = Event.objects.get(pk=event.pk)
    assert Plan.objects.get() == event.plan
    assert list(event.section_prices.values_list("section__code", "section__capacity", "tier__price_won")) == [
        ("101", 12, 99_000)
    ]


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "__all__"),
        ({"price-0": "-5"}, "price-0"),
        ({"price-0": "x"}, "price-0"),
        ({"price-0": "1.5"}, "price-0"),
        ({"price-0": "10,000,001"}, "price-0"),
        ({"price-0": "1000", "name_ko-0": ""}, "name_ko-0"),
        ({"price-0": "1000", "name_ko-0": "가" * 41}, "name_ko-0"),
        ({"price-0": "1000", "price-1": "2000", "name_ko-1": "VIP석", "name_en-1": "VIP"}, "price-1"),
        ({"price-0": "1000", "price-1": "1000", "name_ko-1": "VIP석", "name_en-1": "Other"}, "name_en-1"),
    ],
    ids=str,
)
def test_a_price_with_a_mistake_says_where_and_prices_nothing(admin_client, sent, field):
    event = begin(admin_client)
    send(admin_client, event, "hall", **HALL, build="")
    before = counted()

    assert field in errors(send(admin_client, event, "prices", **sent))
    assert counted() == before


def test_the_sum_is_shown_and_nothing_saved(admin_client):
    event = begin(admin_client)
    send(admin_client, event, "hall", **HALL, build="")

    page = send(admin_client, event, "prices", **{"price-0": "150000", "price-2": "80000", "sum": ""})

    assert (page.context["form"].seats, page.context["form"].won) == (24, 20 * 150_000 + 4 * 80_000)
    assert "3,320,000" in page.content.decode()
    assert not SectionPrice.objects.exists()


def test_two_levels_may_be_one_price_and_a_price_that_is_used_no_more_goes(admin_client):
    event = priced(admin_client)

    send(
        admin_client, event, "prices", **{"name_ko-1": "VIP석", "name_en-1": "VIP", "price-1": "150000", "price-2": ""}
    )

    assert list(event.tiers.values_list("name_ko", "price_won")) == [("VIP석", 150_000)]
    assert event.section_prices.count() == 6
    assert not event.section_prices.filter(section__level=2).exists()


def test_a_level_of_several_prices_keeps_them_unless_one_is_typed(admin_client):
    event = priced(admin_client)
    one = event.section_prices.get(section__code="101")
    one.tier = event.tiers.get(name_ko="VIP석")
    one.save()
    before = sorted(event.section_prices.values_list("section__code", "tier__name_ko"))

    assert send(admin_client, event, "prices").status_code == 302
    assert sorted(event.section_prices.values_list("section__code", "tier__name_ko")) == before

    assert "price-2" in errors(
        send(admin_client, event, "prices", **{"name_ko-2": "R석", "name_en-2": "R", "price-2": "1"})
    )
    send(admin_client, event, "prices", **{"name_ko-1": "R석", "name_en-1": "R", "price-1": "99000"})
    assert set(event.section_prices.filter(section__level=1).values_list("tier__price_won", flat=True)) == {99_000}


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"opens_at": ""}, "opens_at"),
        ({"opens_at": "soon"}, "opens_at"),
        ({"opens_at": 70}, "closes_at"),
        ({"closes_at": 61}, "closes_at"),
        ({"opens_at": -9, "closes_at": -2, "cancel_until": ""}, "closes_at"),
        ({"cancel_until": 61}, "cancel_until"),
        ({"cancel_until": -1}, "cancel_until"),
        ({"opening_order": "loudest"}, "opening_order"),
        ({"opening_order": "draw", "gathering_minutes": "5"}, "gathering_minutes"),
        ({"opening_order": "draw", "opens_at": 0}, "opening_order"),
        ({"gathering_minutes": "1441"}, "gathering_minutes"),
        ({"threshold": "0"}, "threshold"),
        ({"threshold": "many"}, "threshold"),
        ({"threshold": "1000000000000"}, "threshold"),
        ({"threshold_per_instance": "0"}, "threshold_per_instance"),
        ({"seats_per_account": "0"}, "seats_per_account"),
        ({"seats_per_account": "51"}, "seats_per_account"),
        ({"fee_steps": "soon: much"}, "fee_steps"),
        ({"fee_steps": "3: 10\n7: 20"}, "fee_steps"),
        ({"free_hours": "-1"}, "free_hours"),
    ],
    ids=str,
)
def test_a_sale_with_a_mistake_says_where_and_decides_nothing(admin_client, sent, field):
    event = priced(admin_client)
    before = state_of(event)
    typed = {name: in_days(value, "00:00") if isinstance(value, int) else value for name, value in sent.items()}

    assert field in errors(send(admin_client, event, "sale", **typed, save=""))
    assert state_of(event) == before
    assert not Event.objects.get(pk=event.pk).sale_decided


def test_the_threshold_is_proposed_with_a_reason_that_fits_the_hall(admin_client):
    small = begin(admin_client)
    send(admin_client, small, "hall", **rows(("A", 1, 5, 20)), build="")
    send(admin_client, small, "prices", **{"price-1": "10000"})
    page = admin_client.get(address(small, "sale"))
    assert [page.context["form"][name].value() for name in ("threshold", "threshold_per_instance")] == [50, None]
    assert "100석" in page.content.decode()

    large = begin(admin_client, **{"hall-name_ko": "큰 홀", "starts_at": in_days(61)})
    send(admin_client, large, "hall", **rows(("F", 1, 0, 3000)), build="")
    send(admin_client, large, "prices", **{"price-1": "10000"})
    page = admin_client.get(address(large, "sale"))
    assert [page.context["form"][name].value() for name in ("threshold", "threshold_per_instance")] == [1000, 500]

    send(admin_client, small, "sale", threshold="40", save="")
    room = WaitingRoom.objects.get(slug=small.slug)
    assert (room.threshold, room.threshold_per_instance, room.opens_at) == (
        40,
        None,
        Event.objects.get(pk=small.pk).opens_at,
    )


@pytest.mark.parametrize("step", ["what", "hall", "prices", "sale"])
def test_of_two_staff_on_one_step_the_later_is_told_and_overwrites_nothing(admin_client, django_user_model, step):
    event = whole(admin_client)
    other = Client()
    other.force_login(django_user_model.objects.create_superuser("second"))
    changes = {
        "what": {"title_ko": "늦은 제목"},
        "hall": rows(("X", 1, 2, 2)) | {"build": ""},
        "prices": {"price-0": "1"},
        "sale": {"threshold": "7", "save": ""},
    }[step]
    stale = shown(other, event, step)
    assert send(admin_client, event, "what", title_en="First").status_code == 302
    before = state_of(event)

    answer = other.post(address(event, step), stale | changes)

    assert answer.status_code == 200
    assert "admin" in "".join(re.findall(r'class="errorlist nonfield.*?</ul>', answer.content.decode(), re.DOTALL))
    assert state_of(event) == before


def test_a_draft_with_much_missing_names_all_of_it_at_once_and_is_not_published(admin_client):
    event = begin(admin_client)
    page = admin_client.get(address(event, "sale"))

    assert [lack.part for lack in page.context["lacks"]] == [Part.HALL, Part.PRICES, Part.SALE]
    assert 'name="publish"' not in page.content.decode()
    assert send(admin_client, event, "sale", publish="").status_code == 302  # saved, and shown once more
    answer = send(admin_client, event, "sale", publish="")
    assert [lack.part for lack in answer.context["lacks"]] == [Part.HALL, Part.PRICES]
    assert errors(answer)
    assert Event.objects.get(pk=event.pk).state() is EventState.DRAFT


def test_what_time_undid_since_is_named_before_publishing(admin_client):
    event = whole(admin_client)
    Event.objects.filter(pk=event.pk).update(
        opens_at=timezone.now() - timedelta(days=3),
        closes_at=timezone.now() - timedelta(days=1),
        starts_at=timezone.now() - timedelta(hours=1),
        cancel_until=None,
    )

    assert {lack.part for lack in lacks_of(Event.objects.get(pk=event.pk), timezone.now())} == {Part.WHAT, Part.SALE}


def test_only_what_was_shown_in_the_preview_is_published(admin_client):
    event = whole(admin_client)

    answer = send(admin_client, event, "sale", seats_per_account="2", publish="")

    assert answer.headers["location"] == address(event, "sale")
    event = Event.objects.get(pk=event.pk)
    assert (event.state(), event.seats_per_account) == (EventState.DRAFT, 2)
    send(admin_client, event, "sale", publish="")
    assert Event.objects.get(pk=event.pk).state() is EventState.ANNOUNCED


def test_publish_pressed_twice_publishes_once(admin_client):
    event = whole(admin_client)
    sent = shown(admin_client, event, "sale") | {"publish": ""}

    answers = [admin_client.post(address(event, "sale"), sent) for _ in range(2)]

    change = reverse("admin:events_event_change", args=[event.pk])
    assert [answer.headers["location"] for answer in answers] == [change, change]
    assert event.history.filter(history_change_reason="published").count() == 1


def test_published_between_the_look_and_the_lock_it_is_published_once(admin_client, admin_user, monkeypatch):
    event = whole(admin_client)
    sent = shown(admin_client, event, "sale") | {"publish": ""}

    def after_the_other(pk: int) -> Event:
        event_states.publish(pk, by=admin_user)
        return lock_sale(pk)

    monkeypatch.setattr("events.admin.guided.drafts.lock_sale", after_the_other)
    answer = admin_client.post(address(event, "sale"), sent)

    assert answer.status_code == 302
    assert answer.headers["location"] == reverse("admin:events_event_change", args=[event.pk])
    assert event.history.filter(history_change_reason="published").count() <= 1


def test_a_published_event_is_not_changed_by_a_step_that_was_open(admin_client):
    event = whole(admin_client)
    steps = {step: shown(admin_client, event, step) for step in ("what", "hall", "prices", "sale")}
    send(admin_client, event, "sale", publish="")
    before = state_of(event)

    for step, sent in steps.items():
        answer = admin_client.post(
            address(event, step), sent | {"title_ko": "다른 제목", "price-0": "1", "threshold": "1"}
        )
        assert answer.headers["location"] == reverse("admin:events_event_change", args=[event.pk])

    assert state_of(event) == before


def test_a_sale_that_nobody_decided_is_not_published_by_the_page_of_states_either(admin_client, admin_user):
    event = priced(admin_client)

    with pytest.raises(SaleUndecided):
        event_states.publish(event.pk, by=admin_user)
    state = reverse("admin:events_event_state", args=[event.pk])
    assert "언제 어떻게 판매할지 아직 정하지 않았습니다" in admin_client.get(state).content.decode()
    admin_client.post(state, {"decision": "publish"})

    assert Event.objects.get(pk=event.pk).state() is EventState.DRAFT


def test_servers_are_ordered_for_no_hour_that_is_but_a_proposal(admin_client):
    event = priced(admin_client)
    assert WaitingRoom.objects.get(slug=event.slug).opens_at is None

    send(admin_client, event, "sale", save="")
    assert WaitingRoom.objects.get(slug=event.slug).opens_at == Event.objects.get(pk=event.pk).opens_at

    send(admin_client, event, "what", starts_at=in_days(2))
    assert WaitingRoom.objects.get(slug=event.slug).opens_at is None


def test_another_date_takes_the_sales_hours_along_only_where_they_fit(admin_client):
    event = whole(admin_client)

    send(admin_client, event, "what", starts_at=in_days(70))
    later = Event.objects.get(pk=event.pk)
    assert (later.sale_decided, later.opens_at, later.closes_at) == (True, event.opens_at, event.closes_at)

    send(admin_client, event, "what", starts_at=in_days(20))
    sooner = Event.objects.get(pk=event.pk)
    assert not sooner.sale_decided
    assert sooner.opens_at < sooner.closes_at <= sooner.starts_at


def test_another_venue_takes_the_plan_away_and_says_so(admin_client):
    event = whole(admin_client)
    elsewhere = Venue.objects.create(name_ko="다른 곳")

    answer = admin_client.post(
        address(event, "what"), shown(admin_client, event, "what") | {"venue": str(elsewhere.pk)}, follow=True
    )

    event = Event.objects.get(pk=event.pk)
    assert (event.venue, event.plan, event.section_prices.count()) == (elsewhere, None, 0)
    assert "이제 다른 곳에서 열립니다" in answer.content.decode()
    assert [lack.part for lack in lacks_of(event, timezone.now())] == [Part.HALL, Part.PRICES]


def test_a_refused_move_takes_nothing_away(admin_client):
    event = whole(admin_client)
    elsewhere = Venue.objects.create(name_ko="다른 곳")
    before = state_of(event)

    answer = send(admin_client, event, "what", venue=str(elsewhere.pk), title_ko="")

    assert "title_ko" in errors(answer)
    assert state_of(event) == before


def staff(name: str, *codenames: str, group: str = "") -> Client:
    account = User.objects.create_user(name, is_staff=True)
    account.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    if group:
        account.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(account)
    return client


def test_who_may_not_add_events_begins_none(event):
    assert staff("box", group=groups.BOX_OFFICE).post(NEW, facts()).status_code == 403
    assert staff("no-rooms", "add_event", "view_event").post(NEW, facts()).status_code == 403
    assert Event.objects.get() == event


def test_sales_managers_go_the_whole_way(client):
    manager = staff("manager", group=groups.SALES_MANAGERS)
    event = whole(manager)

    assert send(manager, event, "sale", publish="").status_code == 302
    assert Event.objects.get(pk=event.pk).state() is EventState.ANNOUNCED


def test_who_may_change_only_some_of_it_is_refused_the_rest(admin_client):
    event = priced(admin_client)
    editor = staff("editor", "view_event", "change_event")
    threshold = event.room.threshold

    assert "hall-name_ko" not in editor.get(address(event, "what")).content.decode()
    assert send(editor, event, "what", venue="", **{"hall-name_ko": "몰래"}).status_code == 200
    assert not Venue.objects.filter(name_ko="몰래").exists()
    assert send(editor, event, "hall", **HALL, build="").status_code == 403
    assert send(editor, event, "sale", threshold="3", save="").status_code == 302
    assert WaitingRoom.objects.get(slug=event.slug).threshold == threshold
    assert send(editor, event, "sale", publish="").status_code == 403
    assert Event.objects.get(pk=event.pk).state() is EventState.DRAFT


def test_anothers_event_is_not_to_be_worked_on(admin_client, event):
    draft = whole(admin_client)
    account = User.objects.create_user("elsewhere", is_staff=True)
    EventStaff.objects.create(event=event, account=account, role=Role.ORGANISER)
    other = Client()
    other.force_login(account)

    for step in ("what", "hall", "prices", "sale", "resume"):
        assert other.get(address(draft, step)).status_code == 403, step
        assert other.post(address(draft, step), {"publish": ""}).status_code == 403, step
    assert other.get(address(draft, "preview")).status_code == 404
    EventStaff.objects.create(event=draft, account=account, role=Role.ORGANISER)
    assert send(other, draft, "sale", publish="").status_code == 302
    assert Event.objects.get(pk=draft.pk).state() is EventState.ANNOUNCED


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_preview_is_the_buyers_page_with_the_map_and_may_be_framed_by_us_alone(admin_client, language):
    event = whole(admin_client)

    answer = admin_client.get(address(event, "preview"), {"language": language})

    page = answer.content.decode()
    assert {"ko": "겨울 노래", "en": "Winter Songs"}[language] in page
    assert {"ko": "오픈 예정", "en": "Opens soon"}[language] in page
    assert '<svg class="arena"' in page
    assert "150,000" in page
    assert 'href="/events/winter-songs/seats/' not in page
    assert (
        answer.headers["x-frame-options"],
        "frame-ancestors 'self'" in answer.headers["content-security-policy"],
    ) == (
        "SAMEORIGIN",
        True,
    )
    assert "<script" not in page
    assert Event.objects.get(pk=event.pk).announced_at is None


def test_every_field_of_every_step_has_a_label_of_its_own(admin_client):
    event = whole(admin_client)
    pages = [admin_client.get(NEW), *(admin_client.get(address(event, part)) for part in Part)]
    pages.append(send(admin_client, event, "hall", **HALL, check=""))

    for page in pages:
        html = page.content.decode()
        ids = re.findall(r'\sid="([^"]*)"', html)
        assert sorted(ids) == sorted(set(ids)), page.request["PATH_INFO"]
        fields = re.findall(r"<(?:input|select|textarea)\b[^>]*>", html.partition('class="guided"')[2])
        shown = [field for field in fields if 'type="hidden"' not in field]
        labels = set(re.findall(r'<label[^>]*\sfor="([^"]*)"', html))
        assert [field for field in shown if not labels & set(re.findall(r'\sid="([^"]*)"', field))] == []


@committed
def test_nothing_half_made_stays_of_a_step_that_breaks(admin_client, monkeypatch):
    from django.db import OperationalError

    def broken(*args, **kwargs):
        raise OperationalError("disk full")

    event = priced(admin_client)
    before, kept = counted(), state_of(event)
    monkeypatch.setattr("events.admin.guided.hall_page.seat_by", broken)
    assert send(admin_client, event, "hall", **(HALL | {"generate-name": "다른 배치"}), build="").status_code == 503
    monkeypatch.setattr(Event, "save", broken)
    assert admin_client.post(NEW, facts(**{"hall-name_ko": "새 홀", "slug": "new-one"})).status_code == 503

    assert (counted(), state_of(event)) == (before, kept)
