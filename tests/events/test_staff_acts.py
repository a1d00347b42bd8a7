"""What staff do is written down by itself, with who, both values and the reason, and stays as it was written."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.door.checkin import Scan, admit, take_back
from events.models import Event, Fee, StaffAct, Ticket
from events.models.staff_act import AppendOnly
from events.sale import staff_refunds
from events.sale.event_states import stop
from tests.events.conftest import buy, seats_of
from tests.events.test_event_admin import save

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_user("minsu", is_staff=True, is_superuser=True)


def test_a_change_is_told_with_both_values_and_from_where(client, staff, event):
    client.force_login(staff)

    assert save(client, event, threshold="50").status_code == 302

    act = StaffAct.objects.get(kind="waitingroom", act="altered")
    assert (act.who, act.event, act.address) == ("minsu", event.slug, "127.0.0.1")
    assert act.values["threshold"][1] == 50
    assert StaffAct.objects.filter(kind="event", act="changed", who="minsu").exists()  # the admin's own log


def test_a_decision_about_the_event_is_told(event, staff):
    stop(event.pk, by=staff, why_ko="점검")

    act = StaffAct.objects.get(kind="event")
    assert (act.who, act.reason, act.values["notice_ko"]) == ("minsu", "sale stopped", ["", "점검"])


def test_a_refund_is_told_with_its_reason_and_a_buyers_own_is_not(event, buyer, make_buyer, staff):
    sold = buy(event, buyer, seats_of(event)[0])

    staff_refunds.refund(list(sold.lines.all()), by=staff, reason="double booking", fee=Fee.WAIVED)

    act = StaffAct.objects.get(kind="order", act="order cancelled")
    assert (act.who, act.act, act.reason, act.about) == ("minsu", "order cancelled", "double booking", sold.number)
    assert (act.event, act.values) == (event.slug, {"why": "by-staff"})
    assert not StaffAct.objects.filter(who=buyer.get_username()).exists()


def test_the_door_is_told(tonight, buyer, staff):
    ticket = Ticket.objects.get(line__order=buy(tonight, buyer, seats_of(tonight)[0]))

    admit(ticket, Scan(staff))
    take_back(ticket, by=staff, reason="wrong person")

    assert list(StaffAct.objects.order_by("pk").values_list("act", "reason", "event")) == [
        ("ticket let-in", "", tonight.slug),
        ("ticket undone", "wrong person", tonight.slug),
    ]


def test_who_worked_here_and_is_gone_is_still_named(event, staff):
    stop(event.pk, by=staff)
    staff.delete()

    assert StaffAct.objects.filter(who="minsu", event=event.slug).exists()


def test_a_change_that_fails_leaves_no_act(event, staff):
    with transaction.atomic():
        stop(event.pk, by=staff)
        transaction.set_rollback(True)

    assert not StaffAct.objects.exists()


def ways_to_alter(act: StaffAct) -> dict[str, Callable[[], object]]:
    return {
        "saved": act.save,
        "deleted": act.delete,
        "all updated": lambda: StaffAct.objects.update(who="nobody"),
        "all deleted": StaffAct.objects.all().delete,
        "all updated in bulk": lambda: StaffAct.objects.bulk_update([act], ["who"]),
        "by SQL": lambda: raw("UPDATE events_staffact SET who = 'nobody'"),
    }


def raw(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("how", ["saved", "deleted", "all updated", "all deleted", "all updated in bulk", "by SQL"])
def test_an_act_is_neither_changed_nor_deleted(event, staff, how):
    stop(event.pk, by=staff)
    act = StaffAct.objects.get()
    act.who = "nobody"

    with pytest.raises((AppendOnly, DatabaseError)), transaction.atomic():
        ways_to_alter(act)[how]()

    assert StaffAct.objects.get().who == "minsu"


def test_acts_are_read_by_whoever_may_and_altered_by_nobody(event, staff):
    stop(event.pk, by=staff)
    act = StaffAct.objects.get()
    clerk = User.objects.create_user("clerk", is_staff=True)
    browser = Client()
    browser.force_login(clerk)
    listed = reverse("admin:events_staffact_changelist")
    assert browser.get(listed).status_code == 403

    clerk.user_permissions.add(Permission.objects.get(codename="view_staffact"))
    page = browser.get(listed, {"q": event.slug})
    assert page.status_code == 200
    assert "minsu" in page.content.decode()
    one = reverse("admin:events_staffact_change", args=[act.pk])
    assert browser.get(one).status_code == 200
    assert browser.post(one, {"who": "nobody"}).status_code == 403
    assert browser.post(reverse("admin:events_staffact_delete", args=[act.pk]), {"post": "yes"}).status_code == 403

    owner = Client()
    owner.force_login(staff)  # a superuser
    assert owner.post(reverse("admin:events_staffact_delete", args=[act.pk]), {"post": "yes"}).status_code == 403
    assert StaffAct.objects.filter(pk=act.pk).exists()


def test_the_list_costs_the_same_however_long_it_is(client, staff, event, django_assert_max_num_queries):
    client.force_login(staff)
    Event.objects.filter(pk=event.pk).update(opens_at=timezone.now() - timedelta(days=1))
    for _ in range(30):
        StaffAct.objects.create(who="minsu", act="did", kind="event", about="x", about_id="1", event=event.slug)

    with django_assert_max_num_queries(14):
        assert client.get(reverse("admin:events_staffact_changelist")).status_code == 200
