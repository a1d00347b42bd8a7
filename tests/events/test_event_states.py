"""An event is a draft, announced, on sale, stopped, postponed, called off or over: staff decide, the clock decides."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events import tasks
from events.models import Event, EventState, SaleState
from events.room.page_context import page_context
from events.sale import event_states
from events.sale.calling_off import call_off
from events.sale.event_states import TRANSITIONS, Decision
from events.sale.postponing import postpone
from events.sale.refusals import NotInThisState, SalesClosed
from tests.events.conftest import buy, hold, order, seats_of
from waitingroom import admission
from waitingroom.models import Mode, WaitingRoom
from waitingroom.room_registry import room_registry

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)


@pytest.fixture
def staff(db) -> User:
    return User.objects.create_user("staff", is_staff=True)


@pytest.fixture
def director(staff) -> Client:
    """The browser of who may direct and work on events."""
    names = ["direct_event", "change_event", "view_event"]
    staff.user_permissions.set(Permission.objects.filter(codename__in=names))
    browser = Client()
    browser.force_login(staff)
    return browser


def again(event: Event) -> Event:
    return Event.objects.select_related("room").get(pk=event.pk)


def mode_in_force(event: Event) -> str:
    (status,) = admission.status([event.slug])
    return str(status.mode)


@pytest.fixture
def draft(make_event) -> Event:
    event: Event = make_event(announced_at=None)
    WaitingRoom.objects.get(slug=event.slug).save()
    tasks.follow_sales()
    return event


def pages_of(event: Event) -> list[str]:
    at = f"/events/{event.slug}/"
    seat_pages = [f"{at}seats/", f"{at}seats/state/", f"{at}checkout/", f"{at}leave/ask/", f"{at}here/"]
    api = [f"/api/events/{event.slug}/", f"/api/events/{event.slug}/queue/"]
    return [at, at.upper().replace("/EVENTS/", "/events/"), *seat_pages, *api, f"/posters/{event.slug}.ko.svg"]


# --- drafts


@pytest.mark.parametrize("signed_in", [False, True])
def test_of_a_draft_the_public_finds_nothing(client, browser, draft, signed_in):
    visitor = browser if signed_in else client

    assert {address: visitor.get(address).status_code for address in pages_of(draft)} == dict.fromkeys(
        pages_of(draft), 404
    )
    assert visitor.post(f"/events/{draft.slug}/hold/", {"seat": seats_of(draft)[0]}).status_code == 404
    assert draft.title_ko not in visitor.get("/").content.decode()
    assert room_registry.get(draft.slug) is None
    (status,) = admission.status([draft.slug])
    assert (status.waiting, status.active) == (0, 0)


def test_staff_with_the_right_preview_a_draft_and_hold_nothing(draft, director, staff):
    page = director.get(f"/events/{draft.slug}/", headers={"accept-language": "en"})

    assert page.status_code == 200
    assert "only staff see this page" in page.content.decode()
    poster = director.get(f"/posters/{draft.slug}.ko.svg")
    assert (poster.status_code, poster["Cache-Control"]) == (200, "no-store")
    with pytest.raises(SalesClosed):
        hold(draft, staff, seats_of(draft)[0])


def test_staff_without_the_right_see_no_draft(draft):
    clerk = User.objects.create_user("clerk", is_staff=True)
    browser = Client()
    browser.force_login(clerk)

    assert browser.get(f"/events/{draft.slug}/").status_code == 404


def test_publishing_shows_it_everywhere_at_once(client, draft, director):
    address = reverse("admin:events_event_state", args=[draft.pk])
    assert director.get(address).status_code == 200

    assert director.post(address, {"decision": "publish", "at_0": "", "at_1": ""}).status_code == 302

    assert again(draft).state() is EventState.ON_SALE
    assert client.get(f"/events/{draft.slug}/").status_code == 200
    assert draft.title_ko in client.get("/").content.decode()
    assert client.get(f"/posters/{draft.slug}.ko.svg").status_code == 200
    assert again(draft).history.first().history_change_reason == "published"


def test_a_draft_is_announced_by_the_clock_where_staff_named_an_instant(client, draft, staff):
    event_states.publish(draft.pk, by=staff, at=timezone.now() + DAY)
    tasks.follow_sales()
    assert client.get(f"/events/{draft.slug}/").status_code == 404
    assert draft.title_ko not in client.get("/").content.decode()

    Event.objects.filter(pk=draft.pk).update(announced_at=timezone.now())
    tasks.follow_sales()

    assert client.get(f"/events/{draft.slug}/").status_code == 200


def test_an_event_that_staff_make_is_a_draft_at_first(admin_client, client, event):
    from tests.events.test_event_admin import form_of

    sent = form_of(admin_client, event) | {"slug": "e9-new", "tiers-TOTAL_FORMS": "0", "tiers-INITIAL_FORMS": "0"}

    assert admin_client.post(reverse("admin:events_event_add"), sent).status_code == 302

    made = Event.objects.get(room__slug="e9-new")
    assert made.state() is EventState.DRAFT
    assert client.get("/events/e9-new/").status_code == 404
    assert client.get("/").content.decode().count("/events/e9-new/") == 0
    # Saving it once more publishes nothing.
    again_sent = form_of(admin_client, made) | {"title_ko": "다른 이름"}
    admin_client.post(reverse("admin:events_event_change", args=[made.pk]), again_sent)
    assert Event.objects.get(pk=made.pk).state() is EventState.DRAFT


def test_what_is_sold_is_not_withdrawn(event, staff, buyer):
    Event.objects.filter(pk=event.pk).update(opens_at=timezone.now() - DAY)
    buy(event, buyer, seats_of(event)[0])
    Event.objects.filter(pk=event.pk).update(opens_at=timezone.now() + DAY)

    with pytest.raises(NotInThisState):
        event_states.withdraw(event.pk, by=staff)

    assert again(event).state() is EventState.ANNOUNCED
    assert not again(event).room.hidden


# --- stopping


def test_a_stopped_sale_holds_nothing_new_closes_the_line_and_says_why(client, browser, event, staff, buyer):
    event_states.stop(event.pk, by=staff, why_ko="가격을 고칩니다.", why_en="A price is corrected.")

    with pytest.raises(SalesClosed):
        hold(event, buyer, seats_of(event)[0])
    assert mode_in_force(event) == Mode.CLOSED
    assert again(event).room.mode == Mode.AUTOMATIC
    for language, why in (("ko", "가격을 고칩니다."), ("en", "A price is corrected.")):
        page = client.get(f"/events/{event.slug}/", headers={"accept-language": language}).content.decode()
        assert why in page
        assert {"ko": "판매가 중단되었습니다", "en": "The sale is stopped"}[language] in page

    event_states.resume(event.pk, by=staff)

    assert mode_in_force(event) == Mode.AUTOMATIC
    hold(event, buyer, seats_of(event)[0])


@pytest.mark.parametrize("mode", [Mode.PAUSED, Mode.ALWAYS, Mode.OFF, Mode.DRAINING, Mode.CLOSED])
def test_stopping_only_lies_over_the_mode_that_staff_set(event, staff, mode):
    room = WaitingRoom.objects.get(slug=event.slug)
    room.mode = mode
    room.save()

    event_states.stop(event.pk, by=staff)
    assert (again(event).room.mode, mode_in_force(event)) == (mode, Mode.CLOSED)

    event_states.resume(event.pk, by=staff)
    assert (again(event).room.mode, mode_in_force(event)) == (mode, mode)


def test_who_holds_seats_as_the_sale_is_stopped_may_still_pay(event, staff, buyer):
    from events.payments.sandbox import callbacks

    placed, payment = order(event, buyer, seats_of(event)[0])
    event_states.stop(event.pk, by=staff)

    callbacks.act(payment, callbacks.Outcome.SUCCEED)

    placed.refresh_from_db()
    assert placed.state == "paid"


def test_the_line_ends_with_the_sale_and_says_so(client, event):
    client.get(f"/events/{event.slug}/")
    Event.objects.filter(pk=event.pk).update(closes_at=timezone.now(), cancel_until=None)

    tasks.follow_sales()

    assert again(event).state() is EventState.OVER
    assert mode_in_force(event) == Mode.CLOSED
    page = Client().get(f"/events/{event.slug}/", headers={"accept-language": "en"}).content.decode()
    assert "The sale is over" in page
    assert page_context(event.slug)["over"] is True


# --- the table

MAKE: dict[EventState, Callable[[Event, User], object]] = {
    EventState.DRAFT: lambda e, _: Event.objects.filter(pk=e.pk).update(announced_at=None),
    EventState.ANNOUNCED: lambda e, _: Event.objects.filter(pk=e.pk).update(opens_at=timezone.now() + DAY),
    EventState.ON_SALE: lambda e, _: None,
    EventState.STOPPED: lambda e, by: event_states.stop(e.pk, by=by),
    EventState.POSTPONED: lambda e, by: (
        Event.objects.filter(pk=e.pk).update(opens_at=timezone.now() + DAY),
        postpone(e.pk, by=by, starts_at=e.starts_at + DAY),
    ),
    EventState.CANCELLED: lambda e, by: call_off(e.pk, by=by),
    EventState.OVER: lambda e, _: Event.objects.filter(pk=e.pk).update(closes_at=timezone.now()),
}
DECIDE: dict[Decision, Callable[[Event, User], object]] = {
    Decision.PUBLISH: lambda e, by: event_states.publish(e.pk, by=by),
    Decision.WITHDRAW: lambda e, by: event_states.withdraw(e.pk, by=by),
    Decision.STOP: lambda e, by: event_states.stop(e.pk, by=by),
    Decision.RESUME: lambda e, by: event_states.resume(e.pk, by=by),
    Decision.POSTPONE: lambda e, by: postpone(e.pk, by=by, starts_at=e.starts_at + 2 * DAY),
    Decision.CALL_OFF: lambda e, by: call_off(e.pk, by=by),
}


@pytest.mark.parametrize("decision", Decision)
@pytest.mark.parametrize("state", EventState)
def test_only_the_tables_decisions_are_taken_and_each_is_on_record(event, staff, state, decision):
    MAKE[state](event, staff)
    before = again(event)
    assert before.state() is state
    if decision is Decision.CALL_OFF and state is EventState.CANCELLED:
        return  # said twice is said once
    rows = before.history.count()

    if state in TRANSITIONS[decision]:
        DECIDE[decision](before, staff)
        last = again(event).history.first()
        assert (last.history_change_reason, last.history_user) == (decision.value, staff)
    else:
        with pytest.raises(NotInThisState):
            DECIDE[decision](before, staff)
        assert again(event).state() is state
        assert again(event).history.count() == rows
        assert again(event).version == before.version


def test_sold_out_is_no_state_that_staff_or_a_flag_could_leave_behind():
    assert not {name for name in (field.name for field in Event._meta.fields) if "sold" in name}
    assert "sold-out" not in {*EventState.values, *(state.value for state in SaleState)}


def test_directing_needs_the_right_and_refuses_what_the_state_does_not_have(event, director, client, buyer):
    address = reverse("admin:events_event_state", args=[event.pk])
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["change_event", "view_event"]))
    client.force_login(clerk)
    for page in (address, reverse("admin:events_event_postpone", args=[event.pk])):
        assert client.get(page).status_code == client.post(page, {"decision": "stop"}).status_code == 403
    assert again(event).stopped_at is None

    said = director.post(address, {"decision": "resume"}, follow=True, headers={"accept-language": "en"})
    assert "Nothing was changed" in said.content.decode()
    director.post(address, {"decision": "nonsense"})
    director.get(address, {"decision": "stop"})
    assert again(event).state() is EventState.ON_SALE

    director.post(address, {"decision": "stop", "why_ko": "잠시", "why_en": "a moment"})
    assert (again(event).state(), again(event).notice_ko) == (EventState.STOPPED, "잠시")
    changes = director.get(reverse("admin:events_event_changelist"))
    assert changes.status_code == 200
    assert "판매 중단" in changes.content.decode()


def test_e10_a_festival_sells_on_its_second_day_and_stays_in_the_list(client, make_event, buyer):
    now = timezone.now()
    festival = make_event(
        starts_at=now - timedelta(hours=20), closes_at=now + DAY, running_minutes=3 * 24 * 60, cancel_until=None
    )
    festival.full_clean()

    assert f"/events/{festival.slug}/" in client.get("/").content.decode()
    assert buy(festival, buyer, seats_of(festival)[0]).state == "paid"


def test_e10_no_sale_goes_on_after_the_end(make_event):
    from django.core.exceptions import ValidationError

    event = make_event()
    event.running_minutes = 120
    event.closes_at = event.starts_at + timedelta(minutes=121)
    with pytest.raises(ValidationError) as refused:
        event.full_clean()
    assert "closes_at" in refused.value.message_dict
    event.closes_at = event.starts_at + timedelta(minutes=120)
    event.full_clean()
