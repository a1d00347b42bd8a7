"""A new event in four steps: a draft from the first on, each refused with a reason or kept, published when whole."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.models import Event, EventStaff, EventState, Role, StaffAct, Venue
from events.sale.readiness import Part, lacks_of
from events.staff import groups
from tests.events.guided_steps import (
    HALL,
    NEW,
    address,
    begin,
    committed,
    counted,
    errors,
    facts,
    in_days,
    priced,
    seats_at,
    send,
    shown,
    staff,
    state_of,
    whole,
)
from waitingroom.models import WaitingRoom

pytestmark = pytest.mark.django_db


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


def test_going_back_and_saving_a_step_as_it_is_loses_nothing(admin_client):
    event = whole(admin_client)
    before = state_of(event)

    assert send(admin_client, event, "what").status_code == 302
    assert send(admin_client, event, "hall", do="choose").status_code == 302
    assert send(admin_client, event, "prices").status_code == 302
    assert send(admin_client, event, "sale", save="").status_code == 302

    assert state_of(event) == before


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
