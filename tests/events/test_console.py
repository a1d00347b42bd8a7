"""The staff console's pages and feed, through a real server: who sees what, and that it is true."""

import json
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from events.models import Event, EventStaff, Role
from events.staff.groups import BOX_OFFICE, SALES_MANAGERS
from scaling.controller import DecisionReason
from scaling.models import FleetPin, ScalingDecision
from tests.events.conftest import buy, seats_of
from tests.events.factors import App
from tests.patience import BUSY_S, until
from tests.waitingroom.line import join_call
from tests.waitingroom.web import Web, serving
from tiketi.console import consumers, looks
from tiketi.console.looks import Looks
from tiketi.console.rights import account_at_work
from tiketi.console.sums import Sums
from tiketi.console.telling import ROOM_FIGURES
from tiketi.console.view import Trouble
from waitingroom import admission, scripts
from waitingroom.consumers import CLOSE_BAD_MESSAGE
from waitingroom.errors import LineUnavailable
from waitingroom.jobs.tell import CLOSE_UNKNOWN
from waitingroom.redis import client, run_now

PATIENCE_S = 10
Sale = Callable[..., Event]


@pytest.fixture(scope="module")
def web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web")) as web:
        yield web


@pytest.fixture
def sale(transactional_db: None, make_event: Callable[..., Event]) -> Event:
    return make_event()


@pytest.fixture
def member(transactional_db: None) -> Callable[..., User]:
    """Somebody of the staff: with a role at an event, or in a group, or with single rights."""

    def make(event: Event | None = None, role: Role = Role.BOX_OFFICE, group: str = "", *rights: str) -> User:
        account = User.objects.create_user(f"staff-{time.time_ns()}", password="x", is_staff=True)
        if event is not None:
            EventStaff.objects.create(event=event, account=account, role=role)
        if group:
            account.groups.add(Group.objects.get(name=group))
        for right in rights:
            account.user_permissions.add(Permission.objects.get(codename=right))
        return account

    return make


def signed_in(account: User | None) -> Client:
    browser = Client()
    if account is not None:
        browser.force_login(account)
    return browser


def watch(web: Web, slug: str, browser: Client, *, origin: str | None = "") -> ClientConnection:
    """The console's socket as its page opens it; of all sales without a slug."""
    session = browser.cookies.get("sessionid")
    return connect(
        f"ws://127.0.0.1:{web.port}/ws/console/{slug and slug + '/'}?language=en",
        additional_headers={"Cookie": f"sessionid={session.value}"} if session else {},
        origin=f"http://127.0.0.1:{web.port}" if origin == "" else origin,  # type: ignore[arg-type]  # a NewType of str
        proxy=None,
        max_size=1_000_000,
    )


def told(socket: ClientConnection, what: str = "console") -> dict[str, Any]:
    """The next frame of this type."""
    while (frame := json.loads(socket.recv(PATIENCE_S)))["type"] != what:
        pass
    return dict(frame)


def end_of(socket: ClientConnection) -> int | None:
    """The code it is closed with, whatever is told before."""
    deadline = time.monotonic() + 2 * PATIENCE_S
    with suppress(ConnectionClosed):
        while time.monotonic() < deadline:
            socket.recv(PATIENCE_S)
    return socket.close_code


def refused(socket: ClientConnection) -> int | None:
    """The code it is closed with, before anything was told."""
    with socket, pytest.raises(ConnectionClosed):
        socket.recv(PATIENCE_S)
    return socket.close_code


def listed(slug: str) -> dict[str, Any]:
    out = StringIO()
    call_command("waitingroom", "list", "--json", stdout=out)
    return dict(next(room for room in json.loads(out.getvalue()) if room["slug"] == slug))


def page_of(account: User, sale: Event) -> str:
    answer = signed_in(account).get(reverse("console-sale", args=[sale.slug]))
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_feeds_figures_are_those_of_waitingroom_list(web: Web, sale: Event, member: Any):
    sale.room.mode, sale.room.threshold = "paused", 2
    sale.room.save()
    run_now([join_call(sale.slug, f"visitor-{i}") for i in range(7)])
    admission.admit(sale.slug, 2)

    with watch(web, sale.slug, signed_in(member(sale))) as socket:
        frame = told(socket)
    shown = frame["figures"]
    wanted = listed(sale.slug)

    moving = {"oldest_wait_s", "last_tick_age_s", "opens_in_s"}
    assert {name: shown[name] for name in ROOM_FIGURES if name not in moving} == {
        name: wanted[name] for name in ROOM_FIGURES if name not in moving
    }
    assert shown["waiting"] > 0
    assert abs(shown["oldest_wait_s"] - wanted["oldest_wait_s"]) < 1 + BUSY_S
    assert shown["absent"] == wanted["waiting"] - wanted["present"] - wanted["strangers"]
    assert frame["texts"]["waiting"] == str(wanted["waiting"])


def test_what_changes_is_told_within_a_second_or_so(web: Web, sale: Event, member: Any):
    with watch(web, sale.slug, signed_in(member(sale))) as socket:
        told(socket)
        run_now([join_call(sale.slug, "newcomer")])
        began = time.monotonic()
        while told(socket)["figures"]["active"] != 1:
            pass
    assert time.monotonic() - began < 2 + BUSY_S


def test_seats_and_money_are_told_to_who_sees_orders(web: Web, sale: Event, member: Any, make_buyer: Any):
    buy(sale, make_buyer(), *seats_of(sale)[:2])

    with watch(web, sale.slug, signed_in(member(sale))) as socket:
        while (figures := told(socket)["figures"])["sold"] is None:
            pass
    assert (figures["sold"], figures["won"], figures["seats"]) == (2, 220_000, 16)
    only_events = member(None, Role.DOOR, "", "view_event")
    with watch(web, sale.slug, signed_in(only_events)) as socket:
        frame = told(socket)
        assert "won" not in frame["figures"]
        assert "won" not in frame["texts"]
    assert "220,000" not in page_of(only_events, sale)


def test_a_watcher_without_the_right_is_told_nothing(web: Web, sale: Event, member: Any, make_event: Any, buyer: User):
    elsewhere = member(make_event())

    assert refused(watch(web, sale.slug, signed_in(elsewhere))) == consumers.CLOSE_NO_RIGHT
    assert refused(watch(web, sale.slug, signed_in(member(sale, Role.DOOR)))) == consumers.CLOSE_NO_RIGHT
    assert refused(watch(web, sale.slug, signed_in(buyer))) == consumers.CLOSE_NO_RIGHT
    assert refused(watch(web, sale.slug, signed_in(None))) == CLOSE_UNKNOWN
    assert refused(watch(web, "no-such-sale", signed_in(member(sale)))) == consumers.CLOSE_NO_RIGHT
    assert refused(watch(web, "", signed_in(buyer))) == consumers.CLOSE_NO_RIGHT
    with pytest.raises(InvalidStatus):
        watch(web, sale.slug, signed_in(member(sale)), origin="https://evil.example")


def test_the_feed_of_all_sales_has_ones_own_alone(web: Web, sale: Event, member: Any, make_event: Any):
    other = make_event()
    run_now([join_call(sale.slug, "a"), join_call(other.slug, "b")])

    with watch(web, "", signed_in(member(sale))) as socket:
        while (frame := told(socket, "console-overview"))["rooms"][sale.slug]["texts"]["active"] != "1":
            pass
    assert list(frame["rooms"]) == [sale.slug]
    assert frame["texts"]["active"] == "1"


@pytest.mark.parametrize("end", ["the role", "the session", "the account"])
def test_a_right_that_is_taken_away_ends_the_feed_within_seconds(web: Web, sale: Event, member: Any, end: str):
    account = member(sale)
    browser = signed_in(account)
    with watch(web, sale.slug, browser) as socket:
        told(socket)
        if end == "the role":
            EventStaff.objects.filter(account=account).delete()
        elif end == "the session":
            browser.logout()
        else:
            User.objects.filter(pk=account.pk).update(is_active=False)
        began = time.monotonic()
        assert end_of(socket) == consumers.CLOSE_NO_RIGHT
    assert time.monotonic() - began < 2 * consumers.RIGHT_SECONDS + BUSY_S


def test_a_second_factor_that_was_not_shown_opens_no_feed(web: Web, sale: Event, member: Any):
    account = member(sale)
    App(account)

    assert refused(watch(web, sale.slug, signed_in(account))) == consumers.CLOSE_NO_RIGHT


def test_looking_at_a_session_changes_nothing_in_it(member: Any, sale: Event, settings: Any):
    account = member(sale)
    session = signed_in(account).cookies["sessionid"].value
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key of the site's, since today"
    before = list(Session.objects.values_list("session_key", "session_data"))
    assert account_at_work(session) == account  # signing in anew by the new key would change the browser's session

    account.set_password("another")
    account.save()

    assert account_at_work(session) is None  # nor is one that counts no more deleted here
    assert list(Session.objects.values_list("session_key", "session_data")) == before


def test_fifty_watchers_cost_one_look_a_second(web: Web, sale: Event, member: Any):
    browser, seconds = signed_in(member(sale)), 4
    with ExitStack() as stack:
        sockets = [stack.enter_context(watch(web, sale.slug, browser)) for _ in range(50)]
        for socket in sockets:
            told(socket)
        with client().monitor() as monitor:
            began, looked = float("inf"), 0
            for seen in monitor.listen():  # by Redis's own clock: whoever reads may be held up
                began = min(began, seen["time"])
                if seen["time"] - began > seconds:
                    break
                looked += scripts.SURVEY.sha in seen["command"] and sale.slug in seen["command"]
        frames = [told(socket) for socket in sockets]
    # One a second for all of them; and as long as the room is alive, whoever shares the fleet out looks at it, too.
    assert 1 <= looked <= 2 * (seconds + 2)
    assert len(frames) == 50


def test_who_says_something_to_the_feed_is_hung_up_on(web: Web, sale: Event, member: Any):
    with watch(web, sale.slug, signed_in(member(sale))) as socket:
        told(socket)
        socket.send("{}")
        assert end_of(socket) == CLOSE_BAD_MESSAGE


def test_the_page_is_whole_without_any_script(sale: Event, member: Any):
    run_now([join_call(sale.slug, "a")])

    page = page_of(member(sale), sale)

    assert re.search(r'data-text="active">1<', page)
    assert 'data-text="sold">0<' in page


def test_the_page_keeps_the_strict_policy(sale: Event, member: Any):
    account = member(sale)
    for address in (reverse("console-sale", args=[sale.slug]), reverse("console")):
        answer = signed_in(account).get(address)
        policy, page = answer["Content-Security-Policy"], answer.content.decode()
        assert "unsafe" not in policy
        assert "nonce" not in policy
        assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=", page), address
        assert "no-store" in answer["Cache-Control"]


def test_page_and_feed_show_what_the_role_may_see(web: Web, sale: Event, member: Any):
    ScalingDecision.objects.create(reason=DecisionReason.ALARM, before=2, after=7, terms={"waiting": 6000})
    FleetPin.objects.create(floor=7, until="2099-01-01T00:00Z", why="the evening", by="ops")
    operator = member(None, Role.DOOR, BOX_OFFICE, "view_scalingdecision", "view_fleetpin")
    onlooker = member(None, Role.DOOR, BOX_OFFICE, "view_scalingdecision")

    for account in (member(sale), member(None, Role.DOOR, SALES_MANAGERS)):
        page = page_of(account, sale)
        assert 'data-text="pin"' not in page
        assert 'id="decisions"' not in page
    with watch(web, sale.slug, signed_in(member(sale))) as socket:
        frame = told(socket)
        assert "pin" not in frame["texts"]
        assert frame["decisions"] == frame["alarms"] == []
    with watch(web, sale.slug, signed_in(operator)) as socket:
        while not (frame := told(socket))["decisions"]:
            pass
        assert "the evening" in frame["texts"]["pin"]
    with watch(web, sale.slug, signed_in(onlooker)) as socket:
        while "7–" not in (text := told(socket)["texts"]["pin"]):
            pass
        assert "the evening" not in text  # who ordered it, and why, is told to who has a right to pins
        assert "ops" not in text
    until(lambda: "2 → 7" in page_of(operator, sale))  # the database is asked every few seconds
    page = page_of(onlooker, sale)
    assert "7–" in page
    assert "the evening" not in page
    page = page_of(operator, sale)
    assert "the evening" in page
    assert "경보: 대기 줄이 깁니다" in page


def test_a_sale_of_others_has_no_page(sale: Event, member: Any, make_event: Any):
    elsewhere = signed_in(member(make_event()))

    assert elsewhere.get(reverse("console-sale", args=[sale.slug])).status_code == 403
    assert sale.slug not in elsewhere.get(reverse("console")).content.decode()
    assert elsewhere.get(reverse("console-sale", args=["nowhere"])).status_code == 404
    assert signed_in(member(sale, Role.DOOR)).get(reverse("console")).status_code == 403
    assert signed_in(None).get(reverse("console")).status_code == 302


def test_the_overview_has_every_sale_that_is_not_over(sale: Event, member: Any):
    page = signed_in(member(None, Role.DOOR, BOX_OFFICE)).get(reverse("console")).content.decode()

    assert reverse("console-sale", args=[sale.slug]) in page


def test_forms_and_the_index_lead_to_the_console(sale: Event, member: Any):
    browser = signed_in(member(None, Role.DOOR, SALES_MANAGERS))
    console = reverse("console-sale", args=[sale.slug])

    assert console in browser.get(reverse("admin:events_event_change", args=[sale.pk])).content.decode()
    assert console in browser.get(reverse("admin:waitingroom_waitingroom_change", args=[sale.room.pk])).content.decode()
    assert reverse("console") in browser.get(reverse("admin:index")).content.decode()
    assert reverse("console") not in signed_in(member(sale, Role.DOOR)).get(reverse("admin:index")).content.decode()


def test_without_redis_the_page_says_so_and_keeps_the_figures_of_before(
    sale: Event, member: Any, monkeypatch: pytest.MonkeyPatch
):
    account = member(sale)
    run_now([join_call(sale.slug, "a")])
    page_of(account, sale)

    def away(_rooms: object) -> None:
        raise LineUnavailable("away")

    monkeypatch.setattr(admission, "status", away)
    monkeypatch.setattr(looks, "FRESH_SECONDS", 0.0)
    page = page_of(account, sale)

    assert "Redis가 응답하지 않습니다" in page
    assert re.search(r'data-text="active">1<', page)


def test_without_redis_from_the_start_nothing_is_known_and_the_page_stands(
    sale: Event, member: Any, monkeypatch: pytest.MonkeyPatch
):
    def away(*_rooms: object) -> None:
        raise LineUnavailable("away")

    monkeypatch.setattr(looks, "FRESH_SECONDS", 0.0)
    for verb in ("status", "counts"):
        monkeypatch.setattr(admission, verb, away)
    account = member(sale)

    assert "Redis가 응답하지 않습니다" in page_of(account, sale)
    overview = signed_in(account).get(reverse("console"))
    assert overview.status_code == 200
    assert "Redis가 응답하지 않습니다" in overview.content.decode()


def test_who_waited_for_a_redis_that_hangs_does_not_look_anew(sale: Event, monkeypatch: pytest.MonkeyPatch):
    asked = []

    def hanging(*_: Any) -> None:
        asked.append(1)
        time.sleep(1.2)  # the look itself: longer than one is fresh
        raise LineUnavailable("hangs")

    monkeypatch.setattr(admission, "status", hanging)
    own = Looks()
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda _: own.at([sale.slug]), range(3)))

    assert len(asked) == 1


def test_without_the_database_the_line_is_told_all_the_same(sale: Event, member: Any, monkeypatch: pytest.MonkeyPatch):
    def away(_slug: str) -> None:
        raise OperationalError("away")

    sums: Sums[Any] = Sums("test", away)
    monkeypatch.setattr(looks, "sale_sums", sums)
    run_now([join_call(sale.slug, "a")])
    own = Looks()
    until(lambda: own.at([sale.slug]) and sums.is_away(sale.slug))
    monkeypatch.setattr(looks, "FRESH_SECONDS", 0.0)

    view = own.at([sale.slug])[sale.slug]

    assert view.room is not None
    assert view.room.active == 1
    assert view.sale is None
    assert Trouble.DATABASE_AWAY in [alert.trouble for alert in view.alerts]
