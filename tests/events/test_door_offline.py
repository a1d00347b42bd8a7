"""What a device decided without a network: handed in later, nothing lost, nothing counted twice, clashes in words."""

import base64
import hashlib
import json
import threading
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.utils import timezone

from events.door import checkin
from events.door.checkin import Scan
from events.door.codes import code_of, window_now
from events.door.counts import counts_of
from events.door.event_keys import PURPOSE, parsed
from events.door.offline_list import FRESH, INSIDE, OUTSIDE, VOID, named
from events.models import DoorAct, Event, Ticket, Why
from events.models.door import door_of
from events.sale.orders import cancel_order
from events.staff import groups
from tests.events.conftest import around, buy, seats_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ticket(tonight, buyer) -> Ticket:
    return Ticket.objects.get(line__order=buy(tonight, buyer, seats_of(tonight)[0]))


@pytest.fixture
def keeper(client) -> User:
    keeper = User.objects.create_user("keeper")
    keeper.groups.add(Group.objects.get(name=groups.BOX_OFFICE))
    client.force_login(keeper)
    return keeper


def scan_of(ticket: Ticket, **facts: object) -> dict[str, object]:
    at = timezone.now() - timedelta(minutes=5)
    sent = {"scan": str(uuid4()), "code": code_of(ticket), "at": round(at.timestamp() * 1000), "entrance": "East"}
    return sent | {"way": "in", "keeper": "keeper"} | facts


def hand_in(client: Client, event: Event, *scans: dict[str, object]) -> list[dict[str, str]]:
    body = json.dumps({"event": event.slug, "scans": scans})
    answer = client.post("/staff/door/reconcile/", body, content_type="application/json")
    assert answer.status_code == 200
    outcomes: list[dict[str, str]] = answer.json()["outcomes"]
    return outcomes


def became(client: Client, event: Event, *scans: dict[str, object]) -> list[str]:
    return [outcome["became"] for outcome in hand_in(client, event, *scans)]


# --- the list


def taken_along(client: Client, event: Event, **sent: str):
    return client.get("/staff/door/list/", {"event": event.slug, **sent})


def test_the_list_has_each_ticket_as_it_stands_and_the_key_that_made_its_code(
    client, keeper, tonight, buyer, make_buyer
):
    door = door_of(tonight)
    door.reentry = True
    door.save()
    fresh, inside, outside = Ticket.objects.filter(line__order=buy(tonight, buyer, *seats_of(tonight)[:3]))
    other = buy(tonight, make_buyer(), seats_of(tonight)[3])
    void = Ticket.objects.get(line__order=other)
    cancel_order(other.pk, by=buyer, why=Why.BY_STAFF)
    for ticket in (inside, outside):
        checkin.admit(ticket, Scan(keeper))
    checkin.let_out(outside, Scan(keeper))

    taken = taken_along(client, tonight).json()

    states = {name: (seat, state) for name, seat, state, _ in taken["tickets"]}
    assert states == {
        named(ticket.serial): (ticket.line.label, state)
        for ticket, state in ((fresh, FRESH), (inside, INSIDE), (outside, OUTSIDE), (void, VOID))
    }
    read = parsed(code_of(fresh))
    assert read is not None
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(taken["key"]))
    key.verify(read.signature, PURPOSE + read.said)  # raises where it is not so
    assert taken["opensAt"] == round(door.opens_at.timestamp() * 1000)


def test_the_list_makes_no_code_and_names_nobody(client, keeper, ticket, tonight, buyer):
    said = taken_along(client, tonight).content.decode()

    assert ticket.serial not in said
    assert base64.b64encode(bytes(door_of(tonight).seed)).decode() not in said
    assert buyer.email not in said
    assert ticket.line.order.number not in said


def test_a_list_that_is_still_true_is_not_sent_again(client, keeper, ticket, tonight):
    version = taken_along(client, tonight).json()["version"]

    assert taken_along(client, tonight, version=version).status_code == 304
    checkin.admit(ticket, Scan(keeper))
    changed = taken_along(client, tonight, version=version)
    assert changed.status_code == 200
    assert changed.json()["version"] != version


# --- handing in


def test_who_was_let_in_without_a_network_is_in_at_the_time_and_the_entrance(client, keeper, ticket, tonight):
    scan = scan_of(ticket)

    assert hand_in(client, tonight, scan) == [{"scan": scan["scan"], "became": "taken", "words": ""}]

    ticket.refresh_from_db()
    assert ticket.used_at is not None
    assert round(ticket.used_at.timestamp() * 1000) == scan["at"]
    change = ticket.changes.get()
    assert (change.act, change.entrance, change.by) == (DoorAct.LET_IN, "East", keeper)
    assert "오프라인" in change.reason


def test_what_is_handed_in_again_counts_once(client, keeper, ticket, tonight):
    scan = scan_of(ticket)

    assert became(client, tonight, scan, scan) == ["taken", "known"]
    assert became(client, tonight, scan) == ["known"]
    assert ticket.changes.count() == 1
    assert counts_of(tonight).inside == 1


def test_an_answer_that_was_lost_makes_no_clash(client, keeper, ticket, tonight):
    scan = scan_of(ticket)
    sent = {"event": tonight.slug, "code": scan["code"], "scan": scan["scan"]}
    client.post("/staff/door/", sent, headers={"accept": "application/json"})  # taken; the device never heard of it

    assert became(client, tonight, scan) == ["known"]
    assert ticket.changes.count() == 1


def test_a_ticket_used_at_another_door_meanwhile_clashes_in_words_and_on_record(client, keeper, ticket, tonight):
    checkin.admit(ticket, Scan(None, "West"))
    scan = scan_of(ticket)

    (outcome,) = hand_in(client, tonight, scan)

    assert outcome["became"] == "clashed"
    for word in (ticket.line.label, "West", "이미 사용한"):
        assert word in outcome["words"]
    assert list(ticket.changes.values_list("act", flat=True).order_by("pk")) == [DoorAct.LET_IN, DoorAct.AGAINST]
    counts = counts_of(tonight)
    assert counts.inside == 1
    assert {count.name: (count.let_in, count.against) for count in counts.entrances} == {"East": (0, 1), "West": (1, 0)}
    assert became(client, tonight, scan) == ["known"]
    assert ticket.changes.count() == 2


def test_a_ticket_refunded_meanwhile_clashes_and_stays_void(client, keeper, ticket, tonight, buyer):
    scan = scan_of(ticket)
    cancel_order(ticket.line.order_id, by=buyer, why=Why.BY_STAFF)

    (outcome,) = hand_in(client, tonight, scan)

    assert outcome["became"] == "clashed"
    assert "취소" in outcome["words"]
    ticket.refresh_from_db()
    assert (ticket.used_at, ticket.changes.get().act) == (None, DoorAct.AGAINST)
    assert counts_of(tonight).inside == 0


def test_two_devices_that_let_one_ticket_in_make_one_entry_and_one_clash(client, keeper, ticket, tonight):
    assert became(client, tonight, scan_of(ticket), scan_of(ticket, entrance="West")) == ["taken", "clashed"]
    assert counts_of(tonight).inside == 1


def test_codes_that_are_none_clash_and_stop_no_others(client, keeper, ticket, tonight, make_event, make_buyer):
    other = make_event(**around(timezone.now() + timedelta(hours=2)))
    foreign = Ticket.objects.get(line__order=buy(other, make_buyer(), seats_of(other)[0]))

    outcomes = hand_in(client, tonight, scan_of(ticket, code="nonsense"), scan_of(foreign), scan_of(ticket))

    assert [outcome["became"] for outcome in outcomes] == ["clashed", "clashed", "taken"]
    assert all(outcome["words"] for outcome in outcomes[:2])
    foreign.refresh_from_db()
    assert foreign.used_at is None


@pytest.mark.parametrize("odd", ["\0", "\ud800"], ids=["nothing", "half a letter"])
def test_what_no_database_takes_stops_no_others_either(client, keeper, ticket, tonight, odd):
    old = "a" * 19 + odd + "~" + "b" * 43  # of the form that tickets had before events had keys
    named = scan_of(ticket, keeper=f"night{odd}shift", entrance=f"Ea{odd}st")

    assert became(client, tonight, scan_of(ticket, code=old), named) == ["clashed", "taken"]

    change = ticket.changes.get()
    assert ("nightshift" in change.reason, change.entrance) == (True, "East")


def test_out_and_in_again_without_a_network_come_in_their_order(client, keeper, ticket, tonight):
    door = door_of(tonight)
    door.reentry = True
    door.save()

    assert became(client, tonight, scan_of(ticket), scan_of(ticket, way="out"), scan_of(ticket)) == ["taken"] * 3
    assert [change.act for change in ticket.changes.order_by("pk")] == [DoorAct.LET_IN, DoorAct.LEFT, DoorAct.BACK]


def test_a_moving_code_counts_by_the_time_of_its_scan(client, keeper, ticket, tonight):
    door = door_of(tonight)
    door.moving_codes = True
    door.save()
    window = window_now() - 20
    at = (window * 30 + 3) * 1000

    assert became(client, tonight, scan_of(ticket, code=code_of(ticket, window), at=at)) == ["taken"]
    Ticket.objects.update(used_at=None)
    late = scan_of(ticket, code=code_of(ticket, window - 2), at=at)
    assert became(client, tonight, late) == ["clashed"]


@pytest.mark.parametrize("off", [timedelta(hours=1), timedelta(days=-4), timedelta(days=40_000)])
def test_a_device_whose_clock_is_wrong_is_taken_for_now(client, keeper, ticket, tonight, off):
    at = round((timezone.now() + off).timestamp() * 1000)

    assert became(client, tonight, scan_of(ticket, at=at)) == ["taken"]
    ticket.refresh_from_db()
    assert ticket.used_at is not None
    assert abs(timezone.now() - ticket.used_at) < timedelta(minutes=1)


def test_another_keepers_scan_names_them(client, keeper, ticket, tonight):
    hand_in(client, tonight, scan_of(ticket, keeper="night-shift"))

    assert "night-shift" in ticket.changes.get().reason


def test_an_entrance_that_was_renamed_meanwhile_loses_nobody(client, keeper, ticket, tonight):
    door = door_of(tonight)
    door.entrances = "North"
    door.save()

    assert became(client, tonight, scan_of(ticket)) == ["taken"]
    assert ticket.changes.get().entrance == ""


@pytest.mark.parametrize("change", ["scan", "code", "at", "all", "list", "json", "deep"])
def test_what_is_no_scan_changes_nothing(client, keeper, ticket, tonight, change):
    scans: object = [scan_of(ticket)]
    if change == "scan":
        scans = [scan_of(ticket, scan="x")]
    elif change == "code":
        scans = [scan_of(ticket, code=["x"])]
    elif change == "at":
        scans = [scan_of(ticket, at="1e400")]
    elif change == "all":
        scans = [None]
    elif change == "list":
        scans = {"a": 1}
    body = json.dumps({"event": tonight.slug, "scans": scans})
    body = {"json": body[:-1], "deep": "[" * 100_000}.get(change, body)

    answer = client.post("/staff/door/reconcile/", body, content_type="application/json")

    assert answer.status_code == 400
    ticket.refresh_from_db()
    assert ticket.used_at is None


def test_more_than_a_request_may_bring_is_refused_whole(client, keeper, ticket, tonight):
    body = json.dumps({"event": tonight.slug, "scans": [scan_of(ticket, code="x") for _ in range(201)]})

    assert client.post("/staff/door/reconcile/", body, content_type="application/json").status_code == 413


def test_only_keepers_hand_in_and_with_the_pages_token(client, ticket, tonight, buyer, keeper):
    body = json.dumps({"event": tonight.slug, "scans": [scan_of(ticket)]})
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(keeper)
    assert careful.post("/staff/door/reconcile/", body, content_type="application/json").status_code == 403
    for who, status in ((None, 401), (buyer, 403)):
        client.logout()
        if who:
            client.force_login(who)
        assert client.post("/staff/door/reconcile/", body, content_type="application/json").status_code == status
    ticket.refresh_from_db()
    assert ticket.used_at is None


def test_one_scan_handed_in_by_many_at_once_counts_once(keeper, ticket, tonight):
    scan, outcomes = scan_of(ticket), []
    clients = [Client() for _ in range(6)]
    for client in clients:
        client.force_login(keeper)

    def hand(client: Client) -> None:
        outcomes.extend(became(client, tonight, scan))
        connection.close()

    threads = [threading.Thread(target=hand, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len(outcomes) == 6
    assert "clashed" not in outcomes
    assert ticket.changes.count() == 1


# --- the service worker


def test_the_worker_has_the_door_alone_and_brings_what_the_page_needs(client, keeper, tonight):
    answer = client.get("/staff/door/worker.js")

    assert answer["Content-Type"].startswith("text/javascript")
    assert "Service-Worker-Allowed" not in answer  # so its own folder is all it has
    assert "unsafe" not in answer["Content-Security-Policy"]
    page = client.get("/staff/door/", {"event": tonight.slug}).content.decode()
    script = answer.content.decode()
    for line in page.split('"'):
        if line.startswith("/static/"):
            assert f'"{line}"' in script, line


def test_the_reader_for_browsers_without_one_is_the_published_one():
    folder = Path(__file__).resolve().parents[2] / "events/static/events/jsqr"

    sums = hashlib.sha256((folder / "jsQR.js").read_bytes()).hexdigest()
    assert sums == "bc40c8a15196236b2314db0856f72ca0b49980cd5413b8c852a7349f5fee0859"
    assert "Apache License" in (folder / "LICENSE.txt").read_text()
