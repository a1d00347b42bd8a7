"""The guided page's second step: a plan that is there, a generator, a file."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from events.models import Event, Plan
from tests.events.conftest import seats_of
from tests.events.guided_steps import HALL, NEW, address, begin, counted, rows, seats_at, send

pytestmark = pytest.mark.django_db


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
