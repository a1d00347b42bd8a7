"""What staff's forms save: everything, or nothing; and nothing over somebody else's change."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils import timezone

from events.models import Event, PriceTier
from tests.events.conftest import buy, seats_of
from tests.events.test_event_admin import form_of, save
from waitingroom.models import WaitingRoom

pytestmark = pytest.mark.django_db(transaction=True)


def room_form(client, room: WaitingRoom) -> dict[str, str]:
    """What a browser would send back of the room's own page, unchanged."""
    page = client.get(reverse("admin:waitingroom_waitingroom_change", args=[room.pk]))
    form = page.context["adminform"].form
    sent = {name: form[name].value() for name in form.fields}
    sent |= {"opens_at_0": "", "opens_at_1": ""}
    return {name: "" if value is None else value for name, value in sent.items() if value is not False}


def save_room(client, room: WaitingRoom, **changes: object):
    address = reverse("admin:waitingroom_waitingroom_change", args=[room.pk])
    return client.post(address, room_form(client, room) | changes)


def typo(field: str, value: str) -> dict[str, str]:
    return {f"tiers-0-{field}": value}


@pytest.mark.parametrize("wrong", [typo("price_won", "-5"), typo("price_won", "x"), typo("name_ko", "")])
def test_a_mistake_in_a_price_saves_neither_event_nor_room_nor_price(admin_client, event, wrong):
    before = (event.version, event.room.version)

    answer = save(admin_client, event, threshold="7", title_ko="새 제목", **wrong)

    assert answer.status_code == 200
    event = Event.objects.get(pk=event.pk)
    assert (event.version, event.room.version) == before
    assert (event.title_ko, event.room.threshold, event.tiers.get().price_won) == ("한밤의 연주회", 1000, 110_000)
    assert event.room.history.count() == 1


def test_after_a_mistake_the_corrected_form_is_saved(admin_client, event):
    address = reverse("admin:events_event_change", args=[event.pk])
    sent = form_of(admin_client, event) | {"threshold": "7", "title_ko": "새 제목"}
    refused = admin_client.post(address, sent | typo("price_won", "-5"))
    # What the page that came back holds, with the one field put right.
    again = sent | {"seen": refused.context["adminform"].form["seen"].value()} | typo("price_won", "99000")

    assert admin_client.post(address, again).status_code == 302

    event = Event.objects.get(pk=event.pk)
    assert (event.title_ko, event.room.threshold, event.tiers.get().price_won) == ("새 제목", 7, 99_000)


@pytest.mark.parametrize(
    "wrong",
    [
        typo("price_won", "-5"),
        {"title_ko": ""},
        {"starts_at_0": "2001-01-01"},
        {"threshold": "0"},
        {"idle_seconds": "10"},
        {"presence_seconds": "19"},
    ],
    ids=str,
)
def test_a_failed_add_leaves_no_room_and_the_name_free(admin_client, event, wrong):
    tiers = {"tiers-TOTAL_FORMS": "1", "tiers-INITIAL_FORMS": "0", "tiers-0-id": "", "tiers-0-event": ""}
    sent = form_of(admin_client, event) | {"slug": "brand-new", **tiers}

    assert admin_client.post(reverse("admin:events_event_add"), sent | wrong).status_code == 200
    assert not WaitingRoom.objects.filter(slug="brand-new").exists()

    assert admin_client.post(reverse("admin:events_event_add"), sent).status_code == 302
    made = Event.objects.get(room__slug="brand-new")
    assert (made.tiers.get().price_won, made.room.opens_at) == (110_000, made.opens_at)


def test_a_save_that_breaks_half_way_changes_nothing(admin_client, event, monkeypatch):
    from django.db import OperationalError

    def broken(*args, **kwargs):
        raise OperationalError("disk full")

    sent = form_of(admin_client, event) | {"threshold": "7", "title_ko": "새 제목"} | typo("price_won", "1")
    monkeypatch.setattr(PriceTier, "save", broken)
    assert admin_client.post(reverse("admin:events_event_change", args=[event.pk]), sent).status_code == 503

    event = Event.objects.get(pk=event.pk)
    assert (event.title_ko, event.room.threshold) == ("한밤의 연주회", 1000)


@pytest.mark.parametrize("longest", ["1799", "0", "1800"])
def test_a_hold_and_a_longest_stay_that_do_not_fit_are_refused_in_one_sentence(admin_client, event, longest):
    answer = save(admin_client, event, hold_minutes="30", longest_stay_seconds=longest)

    event = Event.objects.get(pk=event.pk)
    if longest == "1799":
        said = [text for texts in answer.context["errors"] for text in texts]
        assert said == ["대기열의 최장 체류 시간(1799초)보다 길 수 없습니다."]
        assert (event.hold_minutes, event.room.longest_stay_seconds) == (7, 3600)
    else:
        assert (event.hold_minutes, event.room.longest_stay_seconds) == (30, int(longest))


def test_a_new_event_is_held_to_its_rooms_longest_stay(admin_client, event):
    tiers = {"tiers-TOTAL_FORMS": "0", "tiers-INITIAL_FORMS": "0"}
    sent = form_of(admin_client, event) | {"slug": "brand-new", **tiers, "hold_minutes": "61"}

    assert admin_client.post(reverse("admin:events_event_add"), sent).status_code == 200
    assert not WaitingRoom.objects.filter(slug="brand-new").exists()
    assert admin_client.post(reverse("admin:events_event_add"), sent | {"hold_minutes": "60"}).status_code == 302


@pytest.mark.parametrize("capital", [str, str.upper, str.title])
def test_a_name_that_is_taken_is_a_mistake_of_the_form(admin_client, event, capital):
    tiers = {"tiers-TOTAL_FORMS": "0", "tiers-INITIAL_FORMS": "0"}
    sent = form_of(admin_client, event) | {"slug": capital(event.slug), **tiers}

    answer = admin_client.post(reverse("admin:events_event_add"), sent)

    assert answer.status_code == 200
    assert answer.context["errors"]
    assert (Event.objects.count(), WaitingRoom.objects.count()) == (1, 1)


def test_buyers_cannot_be_let_cancel_after_the_event_began(admin_client, event):
    late = timezone.localtime(event.starts_at + timedelta(hours=1))

    answer = save(
        admin_client, event, cancel_until_0=late.strftime("%Y-%m-%d"), cancel_until_1=late.strftime("%H:%M:%S")
    )

    assert "cancel_until" in answer.context["adminform"].form.errors


def test_a_room_is_not_saved_over_somebody_elses_change(admin_client, event):
    stale = room_form(admin_client, event.room)
    save(admin_client, event, threshold="70")

    address = reverse("admin:waitingroom_waitingroom_change", args=[event.room.pk])
    answer = admin_client.post(address, stale | {"threshold": "900"})

    assert answer.status_code == 200
    assert "admin" in str(answer.context["adminform"].form.non_field_errors())
    event.room.refresh_from_db()
    assert event.room.threshold == 70


@pytest.mark.parametrize("seen", ["", "0", "x", "999999"])
def test_a_room_form_that_brings_no_true_version_changes_nothing(admin_client, event, seen):
    assert save_room(admin_client, event.room, threshold="900", seen=seen).status_code == 200

    event.room.refresh_from_db()
    assert event.room.threshold == 1000


def test_a_room_is_tuned_on_its_own_form_and_twice_in_a_row(admin_client, event):
    for threshold in ("50", "60"):
        assert save_room(admin_client, event.room, threshold=threshold).status_code == 302
        event.room.refresh_from_db()
        assert event.room.threshold == int(threshold)


def test_after_a_mistake_the_rooms_corrected_form_is_saved(admin_client, event):
    address = reverse("admin:waitingroom_waitingroom_change", args=[event.room.pk])
    sent = room_form(admin_client, event.room)
    admin_client.post(address, sent | {"threshold": "0"})

    assert admin_client.post(address, sent | {"threshold": "8"}).status_code == 302


def test_a_rooms_name_is_not_edited(admin_client, event):
    assert save_room(admin_client, event.room, slug="another-name", threshold="50").status_code == 302

    event = Event.objects.get(pk=event.pk)
    assert event.room.threshold == 50
    assert not WaitingRoom.objects.filter(slug="another-name").exists()


def test_a_room_comes_with_its_event_alone_and_is_not_deleted_under_it(admin_client, event):
    assert admin_client.get(reverse("admin:waitingroom_waitingroom_add")).status_code == 403
    assert admin_client.post(reverse("admin:waitingroom_waitingroom_add"), {"slug": "lonely"}).status_code == 403

    admin_client.post(reverse("admin:waitingroom_waitingroom_delete", args=[event.room.pk]), {"post": "yes"})
    assert WaitingRoom.objects.filter(pk=event.room.pk).exists()


def test_who_may_look_at_rooms_sees_the_settings(client, event):
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename="view_waitingroom"))
    client.force_login(clerk)

    page = client.get(reverse("admin:waitingroom_waitingroom_change", args=[event.room.pk]))

    assert page.status_code == 200
    assert client.post(page.request["PATH_INFO"], {"threshold": "1"}).status_code == 403


def test_an_old_version_of_a_room_has_no_form_that_brings_it_back(admin_client, event):
    save_room(admin_client, event.room, threshold="50")
    old = event.room.history.earliest("history_date")
    address = f"{reverse('admin:waitingroom_waitingroom_history', args=[event.room.pk])}{old.pk}/"

    page = admin_client.get(address, follow=True)
    admin_client.post(address, {"threshold": "1000", "seen": str(event.room.version)}, follow=True)

    assert "_save" not in page.content.decode()
    event.room.refresh_from_db()
    assert event.room.threshold == 50


# Group by group, page by page: a right that is not given opens nothing.
@pytest.mark.parametrize(
    ("rights", "page", "status"),
    [
        (["view_plan"], "build", 403),
        (["view_plan", "change_event"], "build", 403),
        (["view_plan", "change_plan"], "build", 200),
        (["view_event"], "sales", 403),
        (["view_order"], "sales", 403),
        (["view_event", "view_order"], "sales", 200),
        (["view_event", "view_order"], "pricing", 403),
        (["view_event", "change_event"], "pricing", 200),
    ],
)
def test_a_page_of_the_admin_opens_to_who_has_its_right(client, event, rights, page, status):
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client.force_login(clerk)
    address = (
        reverse("admin:events_plan_build", args=[event.plan.pk])
        if page == "build"
        else reverse(f"admin:events_event_{page}", args=[event.pk])
    )

    assert client.get(address).status_code == status
    if status == 403:
        lines = {"lines": "X,1,1,1,5", "build": "1"}
        assert client.post(address, lines).status_code == 403
        assert not event.plan.sections.filter(code="X").exists()


def test_who_may_only_look_at_a_plan_does_not_build_an_unused_one(client, event):
    event.section_prices.all().delete()
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename="view_plan"))
    client.force_login(clerk)

    answer = client.post(reverse("admin:events_plan_build", args=[event.plan.pk]), {"lines": "X,1,1,1,5", "build": "1"})

    assert answer.status_code == 403
    assert set(event.plan.sections.values_list("code", flat=True)) == {"A", "S"}


def test_a_buyer_who_is_late_by_a_payment_or_a_moment_cancels_nothing(make_event, buyer):
    """The page looked in time; meanwhile the payment came, or the deadline."""
    from events.models import Why
    from events.sale.orders import cancel_order
    from events.sale.refusals import TooLate

    for until in (None, timezone.now() - timedelta(seconds=1)):
        event = make_event(cancel_until=until)
        bought = buy(event, buyer, seats_of(event)[0])
        with pytest.raises(TooLate):
            cancel_order(bought.pk, by=buyer, why=Why.BY_BUYER)
        bought.refresh_from_db()
        assert bought.state == "paid"


def test_an_event_that_was_moved_earlier_ends_cancelling_with_its_start(make_event, buyer):
    from events.models import Why
    from events.sale.orders import cancel_order
    from events.sale.refusals import TooLate

    event = make_event()
    bought = buy(event, buyer, seats_of(event)[0])
    now = timezone.now()
    Event.objects.filter(pk=event.pk).update(
        starts_at=now - timedelta(minutes=1), closes_at=now - timedelta(minutes=2), opens_at=now - timedelta(days=1)
    )

    with pytest.raises(TooLate):
        cancel_order(bought.pk, by=buyer, why=Why.BY_BUYER)
