"""An event is copied for another date without what happened to it, and looked at before the public may."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.models import Event, Hold, Occupancy, Order, PriceTier, SaleState, SectionPrice
from events.sale.calling_off import call_off
from events.staff.previews import token_of
from tests.events.conftest import buy, hold, seats_of
from waitingroom.models import Mode, WaitingRoom

pytestmark = pytest.mark.django_db(transaction=True)

DATES = {"room", "opens_at", "closes_at", "starts_at", "cancel_until", "announced_at"}


def copy(client: Client, event: Event, **changes: str):
    starts_at = timezone.localtime(event.starts_at + timedelta(days=7), event.zone)
    opens_at = timezone.localtime(event.opens_at + timedelta(days=7), event.zone)
    sent = {
        "slug": "second-night",
        "starts_at_0": f"{starts_at:%Y-%m-%d}",
        "starts_at_1": f"{starts_at:%H:%M:%S}",
        "opens_at_0": f"{opens_at:%Y-%m-%d}",
        "opens_at_1": f"{opens_at:%H:%M:%S}",
    }
    return client.post(reverse("admin:events_event_copy", args=[event.pk]), sent | changes)


def set_by_staff(row, leaving_out):
    fields = [field for field in row._meta.concrete_fields if field.editable and not field.primary_key]
    return {field.name: getattr(row, field.attname) for field in fields if field.name not in leaving_out}


def test_everything_that_staff_set_is_copied_and_nothing_that_happened(admin_client, event, make_buyer, buyer):
    WaitingRoom.objects.filter(pk=event.room.pk).update(threshold=77, account_required=True, idle_seconds=700)
    Event.objects.filter(pk=event.pk).update(seats_per_account=3, motif="keys", description_ko="설명", minimum_age=15)
    buy(event, buyer, *seats_of(event)[:2])
    hold(event, make_buyer(), seats_of(event)[3])
    event = Event.objects.get(pk=event.pk)

    assert copy(admin_client, event).status_code == 302

    made = Event.objects.get(room__slug="second-night")
    assert set_by_staff(made, {*DATES, "series"}) == set_by_staff(event, {*DATES, "series"})
    assert made.series == event.slug  # another date of the same show
    left_out = {"slug", "opens_at"}
    assert set_by_staff(made.room, left_out) == set_by_staff(event.room, left_out)
    assert made.room.epoch != event.room.epoch
    tiers = [(tier.name_ko, tier.name_en, tier.price_won) for tier in event.tiers.all()]
    assert [(tier.name_ko, tier.name_en, tier.price_won) for tier in made.tiers.all()] == tiers
    priced = set(event.section_prices.values_list("section", "tier__name_ko"))
    assert set(made.section_prices.values_list("section", "tier__name_ko")) == priced
    assert not set(made.section_prices.values_list("tier", flat=True)) & set(event.tiers.values_list("pk", flat=True))
    for rows in (Order, Hold, Occupancy):
        assert not rows.objects.filter(event=made).exists()


def test_a_copy_is_a_draft_that_its_preview_alone_shows(admin_client, event):
    copy(admin_client, event)

    made = Event.objects.get(room__slug="second-night")
    assert made.sale_state() is SaleState.DRAFT
    stranger = Client()
    assert stranger.get(f"/events/{made.slug}/").status_code == 404
    assert stranger.get(f"/previews/{token_of(made)}/").status_code == 200


def test_the_copys_dates_keep_their_distance_from_the_start(admin_client, event):
    copy(admin_client, event)

    made, week = Event.objects.get(room__slug="second-night"), timedelta(days=7)
    for name in ("opens_at", "closes_at", "starts_at", "cancel_until"):
        assert abs(getattr(made, name) - getattr(event, name) - week) < timedelta(seconds=1), name
    assert made.room.opens_at == made.opens_at


def test_a_cancelled_show_and_a_closed_line_are_copied_as_neither(admin_client, event, buyer):
    event.room.mode = Mode.CLOSED
    event.room.closed_reason_ko = "태풍"
    event.room.save()
    call_off(event.pk, by=buyer, why_ko="태풍", why_en="")

    copy(admin_client, event)

    made = Event.objects.get(room__slug="second-night")
    assert (made.called_off_at, made.called_off_why_ko) == (None, "")
    assert (made.room.mode, made.room.closed_because, made.room.closed_reason_ko) == (Mode.AUTOMATIC, "", "")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"starts_at_0": "2001-01-01"}, "__all__"),
        ({"opens_at_0": "2099-01-01"}, "__all__"),
        ({"slug": "TAKEN"}, "__all__"),
        ({"slug": "no spaces"}, "slug"),
        ({"starts_at_1": "late"}, "starts_at"),
    ],
)
def test_a_copy_that_breaks_a_rule_is_refused_and_leaves_nothing(admin_client, event, make_event, changes, field):
    WaitingRoom.objects.create(slug="taken")
    before = [model.objects.count() for model in (Event, WaitingRoom, PriceTier, SectionPrice)]

    answer = copy(admin_client, event, **changes)

    assert answer.status_code == 200
    errors = answer.context["form"].errors
    assert field in errors
    assert before == [model.objects.count() for model in (Event, WaitingRoom, PriceTier, SectionPrice)]


def test_only_who_may_add_events_and_rooms_copies_one(client, event, django_user_model):
    client.force_login(django_user_model.objects.create_user("clerk", is_staff=True))

    assert copy(client, event).status_code == 403
    assert Event.objects.count() == 1


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_preview_shows_the_event_to_whoever_has_the_link_and_takes_no_place(event, language):
    Event.objects.filter(pk=event.pk).update(description_ko="오는 겨울", description_en="This winter")
    stranger = Client(headers={"accept-language": language})

    answer = stranger.get(f"/previews/{token_of(event)}/")

    page = answer.content.decode()
    assert answer.status_code == 200
    assert {"ko": "한밤의 연주회", "en": "Midnight Recital"}[language] in page
    assert {"ko": "오는 겨울", "en": "This winter"}[language] in page
    assert "110,000" in page
    assert f"/events/{event.slug}/" not in page
    assert "no-store" in answer.headers["cache-control"]
    assert answer.headers["x-robots-tag"] == "noindex"
    assert set(answer.cookies) <= {"csrftoken"}  # no visitor, no slip


def test_a_link_that_was_not_made_here_or_is_old_shows_nothing(client, event, settings):
    good = token_of(event)

    assert client.get("/previews/1/").status_code == 404
    assert client.get(f"/previews/{good[:-1]}/").status_code == 404
    assert client.get(f"/previews/{good}x/").status_code == 404
    settings.SECRET_KEY = "another key that is long enough for this, and nothing else at all"
    assert client.get(f"/previews/{good}/").status_code == 404


def test_a_link_is_good_for_two_weeks(client, event, monkeypatch):
    import time

    good = token_of(event)
    later = time.time() + timedelta(days=14, minutes=1).total_seconds()
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)

    assert client.get(f"/previews/{good}/").status_code == 404


def test_staff_find_copy_and_preview_on_the_events_form(admin_client, event):
    page = admin_client.get(reverse("admin:events_event_change", args=[event.pk])).content.decode()

    assert reverse("admin:events_event_copy", args=[event.pk]) in page
    assert "/previews/" in page
