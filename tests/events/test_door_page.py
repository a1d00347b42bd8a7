"""What doorkeepers do besides scanning: search, let out and in again, count by entrance; and what staff set."""

import unicodedata
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.utils import timezone, translation

from events.door import checkin, not_admitted
from events.door.checkin import Scan
from events.door.codes import code_of
from events.door.counts import EntranceCount, counts_of
from events.models import DoorAct, Event, EventDoor, Ticket, Why
from events.models.door import door_of
from events.sale.orders import cancel_order
from events.staff import groups
from tests.events.conftest import around, buy, seats_of

pytestmark = pytest.mark.django_db(transaction=True)

JSON = {"accept": "application/json"}


@pytest.fixture
def tickets(tonight, buyer) -> list[Ticket]:
    """Two of one order."""
    bought = buy(tonight, buyer, *seats_of(tonight)[:2])
    return list(Ticket.objects.filter(line__order=bought).order_by("line__seat"))


@pytest.fixture
def ticket(tickets: list[Ticket]) -> Ticket:
    return tickets[0]


@pytest.fixture
def keeper(client) -> User:
    keeper = User.objects.create_user("keeper")
    keeper.groups.add(Group.objects.get(name=groups.BOX_OFFICE))
    client.force_login(keeper)
    return keeper


def settings_of(event: Event, **facts: object) -> EventDoor:
    door = door_of(event)
    for name, value in facts.items():
        setattr(door, name, value)
    door.full_clean()
    door.save()
    return door


def at_the_door(client, event: Event, code: str = "", **sent: object):
    return client.post("/staff/door/", {"event": event.slug, "code": code, **sent}, headers=JSON)


# --- when it is open


@pytest.mark.parametrize(
    ("before", "after", "starts_in", "is_open"),
    [
        (30, 0, timedelta(minutes=31), False),
        (30, 0, timedelta(minutes=29), True),
        (30, 0, timedelta(minutes=-119), True),  # a show of two hours
        (30, 0, timedelta(minutes=-121), False),
        (30, 10, timedelta(minutes=-129), True),
        (2880, 0, timedelta(hours=47), True),
    ],
)
def test_staff_say_when_the_door_opens_and_closes(ticket, tonight, before, after, starts_in, is_open):
    settings_of(tonight, opens_minutes_before=before, closes_minutes_after=after)
    Event.objects.filter(pk=tonight.pk).update(**around(timezone.now() + starts_in))

    if is_open:
        assert checkin.check_in(code_of(ticket), event=tonight, by=None).used_at
        return
    with pytest.raises(not_admitted.DoorClosed):
        checkin.check_in(code_of(ticket), event=tonight, by=None)
    ticket.refresh_from_db()
    assert ticket.used_at is None


@pytest.mark.parametrize(
    "facts",
    [
        {"opens_minutes_before": -1},
        {"opens_minutes_before": 2881},
        {"closes_minutes_after": 1441},
        {"closes_minutes_after": None},
        {"entrances": "x" * 41},
        {"entrances": "\n".join(str(n) for n in range(51))},
        {"entrances": "East\neast"},
        {"entrances": "East\n  East  "},
    ],
)
def test_settings_that_make_no_door_are_refused(tonight, facts):
    with pytest.raises(ValidationError):
        settings_of(tonight, **facts)


def test_staff_set_the_door_on_its_page_and_the_change_is_on_record(admin_client, tonight):
    page = admin_client.get(f"/admin/events/event/{tonight.pk}/door/")
    assert (
        f"/admin/events/event/{tonight.pk}/door/"
        in admin_client.get(f"/admin/events/event/{tonight.pk}/change/").content.decode()
    )
    sent = {"opens_minutes_before": 90, "closes_minutes_after": 15, "entrances": "동문\n서문", "reentry": "on"}

    assert admin_client.post(page.url, sent).status_code == 302

    door = EventDoor.objects.get(event=tonight)
    assert (door.opens_minutes_before, door.entrance_names, door.reentry) == (90, ["동문", "서문"], True)
    assert [change.opens_minutes_before for change in door.history.all()] == [90, 360]
    assert admin_client.post(page.url, sent | {"opens_minutes_before": 9999}).status_code == 200
    assert EventDoor.objects.get(event=tonight).opens_minutes_before == 90


def test_a_door_goes_with_its_event_and_by_no_other_way(admin_client, event):
    door = door_of(event)

    assert admin_client.post(f"/admin/events/eventdoor/{door.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.get("/admin/events/eventdoor/add/").status_code == 403
    assert admin_client.get(f"/admin/events/event/{event.pk}/delete/").status_code == 200
    assert "permission" not in admin_client.get(f"/admin/events/event/{event.pk}/delete/").content.decode()


def test_only_who_may_sets_the_door(client, keeper, tonight):
    assert client.get(f"/admin/events/event/{tonight.pk}/door/").status_code in (302, 403)
    keeper.is_staff = True
    keeper.save()
    assert client.get(f"/admin/events/event/{tonight.pk}/door/").status_code == 403


@pytest.mark.parametrize(
    ("days", "lasts_days", "is_there"), [(5, 7, True), (5, 4, True), (5, 2, False), (15, 14, True)]
)
def test_a_show_of_many_days_is_to_be_chosen_until_two_days_after_its_end(
    client, keeper, make_event, days: int, lasts_days: int, is_there: bool
):
    began = timezone.now() - timedelta(days=days)
    event = make_event(**around(began) | {"running_minutes": lasts_days * 24 * 60})

    assert (f'<option value="{event.slug}"' in client.get("/staff/door/").text) == is_there


# --- searching


def test_an_order_is_found_by_number_email_or_name_and_its_tickets_let_in_one_by_one(
    client, keeper, tickets, tonight, buyer
):
    buyer.last_name, buyer.first_name = "김", "하늘"
    buyer.save()
    number = tickets[0].line.order.number
    for words in (number, number.lower(), f" {number} ", buyer.email, buyer.email[:9].upper(), "하늘", "김 하늘"):
        found = at_the_door(client, tonight, words).json()["found"]
        assert [one["seat"] for one in found] == [ticket.line.label for ticket in tickets], words
    assert Ticket.objects.filter(used_at__isnull=False).count() == 0

    answer = at_the_door(client, tonight, ticket=found[1]["ticket"])

    assert answer.json()["admitted"] is True
    assert list(Ticket.objects.filter(used_at__isnull=False)) == [tickets[1]]
    assert tickets[1].changes.get().by == keeper
    assert "검색" in tickets[1].changes.get().reason
    assert at_the_door(client, tonight, ticket=found[1]["ticket"]).status_code == 409


def test_a_name_is_found_whatever_way_its_letters_are_typed(client, keeper, tonight, tickets, buyer):
    buyer.last_name = "홍길동"
    buyer.save()

    found = at_the_door(client, tonight, unicodedata.normalize("NFD", "홍길동")).json()["found"]

    assert [one["ticket"] for one in found] == [ticket.pk for ticket in tickets]


def test_an_order_number_is_found_with_hangul_on(client, keeper, tickets, tonight):
    order = tickets[0].line.order
    order.number = "RKRKQT234567"
    order.save()

    assert len(at_the_door(client, tonight, "가값234567").json()["found"]) == 2


def test_without_a_script_the_page_lists_what_was_found(client, keeper, tickets, tonight):
    number = tickets[0].line.order.number
    page = client.post("/staff/door/", {"event": tonight.slug, "code": number}).content.decode()

    for ticket in tickets:
        assert f'name="ticket" value="{ticket.pk}"' in page
    sent = {"event": tonight.slug, "ticket": tickets[0].pk}
    assert "입장하세요" in client.post("/staff/door/", sent).content.decode()


@pytest.mark.parametrize("words", ["", " ", "x", "%", "nobody@example.com", "하", "ZZZZ22223333", "\0\0\0", "a" * 5000])
def test_what_finds_nobody_says_so(client, keeper, tickets, tonight, words):
    answer = at_the_door(client, tonight, words)

    assert answer.status_code == 409
    assert answer.json()["refusal"]
    assert "found" not in answer.json()


def test_the_order_of_another_event_names_that_event(client, keeper, tickets, make_event):
    other = make_event(**around(timezone.now()), title_ko="다른 공연")
    answer = at_the_door(client, other, tickets[0].line.order.number)

    assert answer.status_code == 409
    assert "한밤의 연주회" in answer.json()["refusal"]
    assert at_the_door(client, other, tickets[0].line.order.account.email).status_code == 409


@pytest.mark.parametrize("key", ["0", "-1", "x", "9" * 18, "9" * 30, "１"])
def test_a_ticket_that_is_none_lets_nobody_in(client, keeper, tickets, tonight, key):
    assert at_the_door(client, tonight, ticket=key).status_code == 409


def test_a_ticket_is_chosen_at_its_own_event_alone(client, keeper, ticket, make_event):
    other = make_event(**around(timezone.now()))

    assert at_the_door(client, other, ticket=ticket.pk).status_code == 409
    ticket.refresh_from_db()
    assert ticket.used_at is None


# --- out, and in again


def test_who_leaves_comes_back_where_that_is_so_and_no_ticket_is_in_twice(client, keeper, ticket, tonight):
    settings_of(tonight, reentry=True)
    code = code_of(ticket)

    says = [at_the_door(client, tonight, code, way=way) for way in ("out", "in", "in", "out", "out", "in", "in")]

    assert [answer.status_code for answer in says] == [409, 200, 409, 200, 409, 200, 409]
    assert [answer.json().get("back") for answer in (says[1], says[5])] == [False, True]
    acts = list(ticket.changes.values_list("act", flat=True))
    assert acts == [DoorAct.LET_IN, DoorAct.LEFT, DoorAct.BACK]
    assert counts_of(tonight).inside == 1


def test_who_leaves_stays_outside_where_nobody_comes_back(client, keeper, ticket, tonight):
    at_the_door(client, tonight, code_of(ticket))

    assert at_the_door(client, tonight, code_of(ticket), way="out").status_code == 409
    assert at_the_door(client, tonight, code_of(ticket), way="in").status_code == 409
    assert 'id="way"' not in client.get("/staff/door/", {"event": tonight.slug}).content.decode()


def test_a_cancelled_ticket_does_not_come_back(ticket, tonight, buyer):
    settings_of(tonight, reentry=True)
    checkin.admit(ticket, Scan(None))
    checkin.let_out(ticket, Scan(None))
    Ticket.objects.filter(pk=ticket.pk).update(used_at=None, left_at=None, voided_at=timezone.now())

    with pytest.raises(not_admitted.Void):
        checkin.admit(ticket, Scan(None))


def test_undoing_a_return_leaves_the_bearer_outside(ticket, tonight, keeper):
    settings_of(tonight, reentry=True)
    for act in (checkin.admit, checkin.let_out, checkin.admit):
        act(ticket, Scan(keeper, "East"))

    undone = checkin.take_back(ticket, by=keeper, reason="wrong person")

    assert undone.used_at is not None
    assert undone.left_at is not None
    with pytest.raises(not_admitted.NotUsed):
        checkin.take_back(ticket, by=keeper, reason="again")
    assert checkin.admit(ticket, Scan(keeper)).left_at is None


# --- counts by entrance


def test_entrances_are_counted_and_what_is_undone_is_taken_off_where_it_was_counted(tickets, tonight, keeper):
    settings_of(tonight, entrances="East\nWest", reentry=True)
    checkin.admit(tickets[0], Scan(keeper, "East"))
    checkin.admit(tickets[1], Scan(keeper, "West"))
    checkin.let_out(tickets[1], Scan(keeper, "East"))
    checkin.take_back(tickets[0], by=keeper, reason="x")

    counts = counts_of(tonight)
    assert (counts.tickets, counts.inside) == (2, 0)
    assert counts.entrances == [EntranceCount("East", 0, 1), EntranceCount("West", 1, 0)]


def test_the_record_says_who_and_where_and_the_admin_shows_it(admin_client, client, keeper, ticket, tonight):
    settings_of(tonight, entrances="동문\n서문")
    client.force_login(keeper)
    at_the_door(client, tonight, code_of(ticket), entrance="서문")

    change = ticket.changes.get()
    assert (change.by, change.entrance) == (keeper, "서문")
    again = at_the_door(client, tonight, code_of(ticket), entrance="동문")
    assert "서문" in again.json()["refusal"]
    client.force_login(User.objects.get(username="admin"))
    assert "서문" in client.get(f"/admin/events/ticket/{ticket.pk}/change/").content.decode()


@pytest.mark.parametrize("entrance", ["North", "east", "East\0x"])
def test_an_entrance_that_the_event_has_not_is_refused(client, keeper, ticket, tonight, entrance):
    settings_of(tonight, entrances="East\nWest")

    answer = at_the_door(client, tonight, code_of(ticket), entrance=entrance)

    assert answer.status_code == 409
    assert "입구" in answer.json()["refusal"]
    ticket.refresh_from_db()
    assert ticket.used_at is None


def test_without_names_each_device_has_its_own(client, keeper, ticket, tonight):
    at_the_door(client, tonight, code_of(ticket), entrance=f" 휴대전화\0  2 {'x' * 90}")

    assert ticket.changes.get().entrance == f"휴대전화 2 {'x' * 90}"[:40]


def test_devices_get_the_counts_and_others_do_not(client, keeper, ticket, tonight, buyer):
    at_the_door(client, tonight, code_of(ticket), entrance="East")

    counted = client.get("/staff/door/counts/", {"event": tonight.slug})
    assert counted.json() == {
        "tickets": 2,
        "inside": 1,
        "entrances": [{"name": "East", "let_in": 1, "left": 0, "against": 0}],
    }
    assert "no-store" in counted["Cache-Control"]
    assert client.get("/staff/door/counts/", {"event": "nowhere"}).status_code == 404
    client.force_login(buyer)
    for address in ("counts", "list"):
        assert client.get(f"/staff/door/{address}/", {"event": tonight.slug}).status_code == 403
    client.logout()
    for address in ("counts", "list"):
        assert client.get(f"/staff/door/{address}/", {"event": tonight.slug}).status_code == 401


def test_a_scan_that_is_sent_twice_counts_once_and_says_the_same(client, keeper, ticket, tonight):
    scan = str(uuid4())

    first, second = (at_the_door(client, tonight, code_of(ticket), scan=scan) for _ in range(2))

    assert (first.status_code, second.status_code) == (200, 200)
    assert ticket.changes.count() == 1
    assert at_the_door(client, tonight, code_of(ticket), scan=str(uuid4())).status_code == 409


# --- words


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_refusal_has_words_in_both_languages(ticket, tonight, language):
    door = door_of(tonight)
    checkin.admit(ticket, Scan(None, "East"))
    ticket.refresh_from_db()
    made = {
        not_admitted.Foreign: (tonight,),
        not_admitted.Used: (ticket,),
        not_admitted.DoorClosed: (door,),
    }
    with translation.override(language):
        for refusal in _all(not_admitted.NotAdmitted):
            said = str(refusal(*made.get(refusal, ())))
            assert len(said) > 10
            assert (
                any("가" <= letter <= "힣" for letter in said) is (language == "ko") or refusal is not_admitted.Foreign
            )


def _all(kind: type[not_admitted.NotAdmitted]) -> list[type[not_admitted.NotAdmitted]]:
    below: list[type[not_admitted.NotAdmitted]] = kind.__subclasses__()
    return [each for direct in below for each in (direct, *_all(direct))]


def test_a_refusal_is_said_with_a_sign_and_not_by_colour_alone(client, keeper, ticket, tonight, buyer):
    welcome = client.post("/staff/door/", {"event": tonight.slug, "code": code_of(ticket)}).content.decode()
    refused = client.post("/staff/door/", {"event": tonight.slug, "code": code_of(ticket)}).content.decode()

    assert ("✓" in welcome, "✕" in welcome) == (True, False)
    assert ("✓" in refused, "✕" in refused) == (False, True)


def test_cancelling_voids_before_the_door_and_the_door_says_so(client, keeper, tickets, tonight, buyer):
    cancel_order(tickets[0].line.order_id, by=buyer, why=Why.BY_STAFF)

    assert "취소" in at_the_door(client, tonight, code_of(tickets[0])).json()["refusal"]
