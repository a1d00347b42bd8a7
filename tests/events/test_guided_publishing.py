"""The guided page's fourth step: the sale, its preview, and publishing what was shown."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.models import Event, EventState, Venue
from events.sale import event_states
from events.sale.readiness import Part, lacks_of
from events.sale.refusals import NotInThisState, SaleUndecided
from events.sale.repricing import lock_sale
from tests.events.guided_steps import (
    HALL,
    address,
    begin,
    errors,
    in_days,
    priced,
    rows,
    send,
    shown,
    state_of,
    whole,
)
from waitingroom.models import WaitingRoom

pytestmark = pytest.mark.django_db


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


TO_COME = timedelta(days=1)


@pytest.mark.parametrize("step", ["what", "hall", "prices", "sale"])
def test_of_what_was_planned_to_be_published_nothing_is_left_once_a_step_is_saved(admin_client, admin_user, step):
    event = whole(admin_client)
    event_states.publish(event.pk, by=admin_user, at=timezone.now() + TO_COME)
    elsewhere = Venue.objects.create(name_ko="다른 곳")
    changes = {
        "what": {"venue": str(elsewhere.pk), "hall-name_ko": "", "hall-name_en": ""},  # which takes the plan along
        "hall": rows(("X", 7, 2, 2)) | {"generate-name": "새 배치", "build": ""},  # a level that has no price
        "prices": {"price-0": "", "price-1": ""},
        "sale": {"seats_per_account": "2", "save": ""},
    }[step]

    answer = admin_client.post(address(event, step), shown(admin_client, event, step) | changes, follow=True)

    assert answer.redirect_chain
    assert "공개할 예정이었으나" in answer.content.decode()
    event = Event.objects.get(pk=event.pk)
    assert (event.announced_at, event.state(timezone.now() + 2 * TO_COME)) == (None, EventState.DRAFT)
    assert event.history.first().history_change_reason == "withdrawn"


def test_a_step_that_is_refused_or_only_looked_at_leaves_the_plan_as_it_is(admin_client, admin_user):
    event = whole(admin_client)
    event_states.publish(event.pk, by=admin_user, at=timezone.now() + TO_COME)
    before = state_of(event)

    for step, sent in {
        "what": {"title_ko": ""},
        "hall": HALL | {"check": ""},
        "prices": {"price-0": "10", "sum": ""},
        "sale": {"threshold": "0", "save": ""},
    }.items():
        assert "이대로 공개됩니다" in admin_client.get(address(event, step)).content.decode()
        assert send(admin_client, event, step, **sent).status_code == 200, step

    assert state_of(event) == before


def test_a_step_saved_as_the_planned_instant_comes_changes_nothing_of_what_is_public(
    admin_client, admin_user, monkeypatch
):
    event = whole(admin_client)
    event_states.publish(event.pk, by=admin_user, at=timezone.now() + TO_COME)
    sent = shown(admin_client, event, "what") | {"title_ko": "늦은 제목"}

    def too_late(_pk: int, *, by: object) -> Event:
        raise NotInThisState(EventState.ON_SALE)

    monkeypatch.setattr(event_states, "withdraw", too_late)
    answer = admin_client.post(address(event, "what"), sent)

    assert answer.headers["location"] == reverse("admin:events_event_change", args=[event.pk])
    assert Event.objects.get(pk=event.pk).title_ko == event.title_ko


def test_what_is_planned_may_be_called_back_on_the_page_of_states(admin_client, admin_user):
    event = whole(admin_client)
    state = reverse("admin:events_event_state", args=[event.pk])
    assert 'value="withdraw"' not in admin_client.get(state).content.decode()
    admin_client.post(state, {"decision": "withdraw"})
    assert event.history.filter(history_change_reason="withdrawn").count() == 0
    event_states.publish(event.pk, by=admin_user, at=timezone.now() + TO_COME)
    assert 'value="withdraw"' in admin_client.get(state).content.decode()

    admin_client.post(state, {"decision": "withdraw"})

    assert Event.objects.get(pk=event.pk).announced_at is None


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
