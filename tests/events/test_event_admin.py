"""Staff tune an event and its waiting room on one form."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.models import Event, StaffAct
from events.staff import groups
from tests.events.conftest import buy, seats_of
from waitingroom.models import MAX_ANNOUNCEMENT, WaitingRoom

# Real commits: the gate asks the database from its own connection.
pytestmark = pytest.mark.django_db(transaction=True)


def form_of(client, event: Event) -> dict[str, str]:
    """What a browser would send back, unchanged."""
    page = client.get(reverse("admin:events_event_change", args=[event.pk]))
    form = page.context["adminform"].form
    sent = {name: form[name].value() for name in form.fields}
    for name in ("opens_at", "closes_at", "starts_at"):
        instant = timezone.localtime(sent.pop(name), Event.objects.get(pk=event.pk).zone)
        sent |= {f"{name}_0": instant.strftime("%Y-%m-%d"), f"{name}_1": instant.strftime("%H:%M:%S")}
    for formset in page.context["inline_admin_formsets"]:
        for bound in [formset.formset.management_form, *formset.formset.forms]:
            sent |= {bound.add_prefix(name): bound[name].value() for name in bound.fields}
    return {name: "" if value is None else value for name, value in sent.items() if value is not False}


def save(client, event: Event, **changes: object):
    return client.post(reverse("admin:events_event_change", args=[event.pk]), form_of(client, event) | changes)


def test_the_threshold_is_tuned_on_the_events_own_form_and_recorded(admin_client, event):
    assert save(admin_client, event, threshold="50").status_code == 302

    event.room.refresh_from_db()
    assert event.room.threshold == 50
    assert event.room.history.first().history_user.username == "admin"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("threshold", "0"),
        ("threshold", "-5"),
        ("threshold", "many"),
        ("threshold", "1000000000000"),
        ("users_per_minute_per_instance", "0"),
        ("users_per_minute_per_instance", ""),
        ("claim_seconds", "0"),
        ("work_tries", "-1"),
        ("work_tries", "200001"),
        ("work_tries", "much"),
        ("mode", "sideways"),
        ("closes_at_0", "2001-01-01"),
        ("starts_at_0", "2001-01-01"),
        ("title_ko", ""),
        ("hue", "360"),
    ],
)
def test_b22_nonsense_is_refused_and_changes_nothing(admin_client, event, field, value):
    before = (event.version, event.room.version)

    answer = save(admin_client, event, **{field: value})

    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors or answer.context["errors"]
    event = Event.objects.get(pk=event.pk)
    assert (event.version, event.room.version) == before


def test_staff_ask_for_accounts_and_for_work_on_the_events_own_form(admin_client, event, client):
    assert save(admin_client, event, work_tries="50").status_code == 302
    assert client.get(f"/api/events/{event.slug}/").json()["status"] == "work"

    assert save(admin_client, event, account_required="on").status_code == 302
    assert client.get(f"/api/events/{event.slug}/").json()["status"] == "sign-in"


def test_f23_of_two_staff_saving_together_the_last_is_warned_and_overwrites_nothing(admin_client, event):
    stale = form_of(admin_client, event)
    save(admin_client, event, threshold="70")

    answer = admin_client.post(
        reverse("admin:events_event_change", args=[event.pk]), stale | {"threshold": "900", "title_ko": "덮어쓴 제목"}
    )

    assert answer.status_code == 200
    assert "admin" in str(answer.context["adminform"].form.non_field_errors())
    event = Event.objects.get(pk=event.pk)
    assert (event.room.threshold, event.title_ko) == (70, "한밤의 연주회")


def test_an_opening_moved_to_later_sells_nothing_until_then_and_keeps_the_line(admin_client, event, make_buyer):
    event.room.threshold = 1
    event.room.save()
    people = [Client() for _ in range(3)]
    for browser in people:
        browser.force_login(make_buyer())
    places = [place_of(browser, event) for browser in people]
    assert places == ["active", 1, 2]
    seat, json = {"seat": seats_of(event)[0]}, {"accept": "application/json"}
    later = {"opens_at_0": (timezone.localtime() + timedelta(days=1)).strftime("%Y-%m-%d")}
    opened = form_of(admin_client, event)["opens_at_0"]

    assert save(admin_client, event, **later).status_code == 302

    refused = people[0].post(f"/events/{event.slug}/hold/", seat, headers=json)
    assert (refused.status_code, refused.json()["status"]) == (409, "sales-closed")
    assert f"/events/{event.slug}/seats/" not in people[0].get(f"/events/{event.slug}/").content.decode()
    assert [place_of(browser, event) for browser in people] == places

    assert save(admin_client, event, opens_at_0=opened).status_code == 302

    assert people[0].post(f"/events/{event.slug}/hold/", seat, headers=json).status_code == 201
    assert [place_of(browser, event) for browser in people] == places


def place_of(browser: Client, event: Event) -> int | str:
    """The position in line, or what else the browser is told."""
    said = browser.get(f"/api/events/{event.slug}/").json()
    found: int | str = said.get("position") or said["status"]
    return found


def test_a_change_of_the_room_by_command_counts_as_somebody_elses(admin_client, event):
    stale = form_of(admin_client, event)
    event.room.threshold = 33
    event.room.save()

    answer = admin_client.post(reverse("admin:events_event_change", args=[event.pk]), stale)

    assert answer.status_code == 200
    event.room.refresh_from_db()
    assert event.room.threshold == 33


def test_a_new_event_brings_its_waiting_room_along(admin_client, event):
    sent = form_of(admin_client, event) | {"slug": "brand-new", "tiers-TOTAL_FORMS": "0", "tiers-INITIAL_FORMS": "0"}

    answer = admin_client.post(reverse("admin:events_event_add"), sent)

    assert answer.status_code == 302, answer.context["errors"]
    made = Event.objects.get(room__slug="brand-new")
    assert made.room.opens_at == made.opens_at


def test_the_list_says_how_many_wait_and_are_active(admin_client, client, event):
    client.get(f"/events/{event.slug}/")

    page = admin_client.get(reverse("admin:events_event_changelist")).content.decode()

    assert f'<span data-live="active" data-slug="{event.slug}">1</span>' in page
    assert f'<span data-live="waiting" data-slug="{event.slug}">0</span>' in page
    live = admin_client.get(reverse("admin:events_event_live"), {"slug": event.slug}).json()
    assert live == {event.slug: {"waiting": 0, "absent": 0, "active": 1}}


def test_b23_live_numbers_are_for_staff_with_the_permission(client, event):
    address = reverse("admin:events_event_live")
    assert client.get(address).status_code == 302

    clerk = User.objects.create_user("clerk", is_staff=True)
    client.force_login(clerk)
    assert client.get(address).status_code == 403

    clerk.user_permissions.add(Permission.objects.get(codename="view_event"))
    assert client.get(address).status_code == 200


def test_the_list_shows_dashes_while_redis_is_away(admin_client, event, monkeypatch):
    from waitingroom import admission
    from waitingroom.errors import LineUnavailable

    def away(slugs):
        raise LineUnavailable

    monkeypatch.setattr(admission, "status", away)

    page = admin_client.get(reverse("admin:events_event_changelist"))

    assert page.status_code == 200
    assert f'data-slug="{event.slug}">—<' in page.content.decode()


@pytest.fixture
def clerk(client) -> User:
    """Staff without any permission."""
    clerk = User.objects.create_user("clerk", is_staff=True)
    client.force_login(clerk)
    return clerk


def join(account: User, group: str) -> None:
    account.groups.add(Group.objects.get(name=group))


def test_the_box_office_sees_events_and_cannot_change_thresholds(client, clerk, event):
    join(clerk, groups.BOX_OFFICE)
    address = reverse("admin:events_event_change", args=[event.pk])

    assert client.get(address).status_code == 200
    assert client.post(address, {"threshold": "1"}).status_code == 403
    assert client.get(reverse("admin:waitingroom_waitingroom_change", args=[event.room.pk])).status_code == 403
    assert client.get(reverse("admin:events_event_pricing", args=[event.pk])).status_code == 403
    assert client.get(reverse("admin:events_event_sales", args=[event.pk])).status_code == 200


def test_sales_managers_tune(client, clerk, event):
    join(clerk, groups.SALES_MANAGERS)

    assert save(client, event, threshold="77").status_code == 302
    event.room.refresh_from_db()
    assert event.room.threshold == 77


def test_who_may_change_events_but_not_their_rooms_leaves_the_threshold_as_it_is(client, clerk, event):
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["view_event", "change_event"]))

    save(client, event, threshold="5", title_ko="새 제목", announcement_ko="없던 말")

    event = Event.objects.get(pk=event.pk)
    assert (event.title_ko, event.room.threshold, event.room.announcement_ko) == ("새 제목", 1000, "")


def test_a_word_to_the_line_overwrites_nobody_elses_and_is_an_act_of_the_staff(client, clerk, event):
    join(clerk, groups.SALES_MANAGERS)
    address, shown = reverse("admin:events_event_change", args=[event.pk]), form_of(client, event)

    assert client.post(address, shown | {"announcement_en": "We start late."}).status_code == 302
    assert client.post(address, shown | {"announcement_en": "We start early."}).status_code == 200
    assert save(client, event, announcement_ko="가" * (MAX_ANNOUNCEMENT + 1)).status_code == 200

    room = WaitingRoom.objects.get(slug=event.slug)
    assert (room.announcement_ko, room.announcement_en) == ("", "We start late.")
    act = StaffAct.objects.get(kind="waitingroom", values__announcement_en=["", "We start late."])
    assert (act.who, act.event) == (clerk.username, event.slug)


@pytest.mark.parametrize("odd", ["x", "1/new/styles.css", "-1", "９９９９"])
def test_an_address_of_no_event_leads_back_to_the_index(admin_client, odd):
    answer = admin_client.get(f"/admin/events/event/{odd}/change/")

    assert (answer.status_code, answer.headers["location"]) == (302, "/admin/")


def test_deleting_an_event_takes_its_line_along(admin_client, event):
    address = reverse("admin:events_event_delete", args=[event.pk])

    assert admin_client.post(address, {"post": "yes"}).status_code == 302

    assert not WaitingRoom.objects.filter(slug=event.slug).exists()


def test_an_event_with_orders_is_not_deleted(admin_client, event, buyer):
    buy(event, buyer, seats_of(event)[0])

    admin_client.post(reverse("admin:events_event_delete", args=[event.pk]), {"post": "yes"})

    assert Event.objects.filter(pk=event.pk).exists()


def test_the_history_shows_what_was_changed(admin_client, event):
    save(admin_client, event, title_ko="바뀐 제목")

    page = admin_client.get(reverse("admin:events_event_history", args=[event.pk]))

    assert page.status_code == 200
    assert "admin" in page.content.decode()


@pytest.mark.django_db
def test_a_new_events_room_follows_the_fleet_unless_staff_say_otherwise(admin_client):
    page = admin_client.get("/admin/events/event/add/?whole").content.decode()

    assert 'name="threshold_per_instance" value="500"' in page
