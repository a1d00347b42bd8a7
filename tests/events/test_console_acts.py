"""Staff act from the console: tune, announce, stop and go on, admit by hand, order servers."""

import re
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import OperationalError, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from redis.exceptions import ConnectionError as RedisConnectionError

from events.models import Event, EventStaff, Role, StaffAct
from events.sale.closing import lay_over_room
from events.staff.groups import BOX_OFFICE, SALES_MANAGERS
from scaling import operator_actions
from scaling.models import FleetPin, ScalingDecision
from tests.waitingroom.line import join_call, names
from tiketi.console.acts.history import BY_HAND, MAX_SHOWN
from waitingroom import admission, redis
from waitingroom.admission import clock_calls, read_ticked
from waitingroom.models import Mode, WaitingRoom
from waitingroom.reasons import Reason
from waitingroom.redis import run_now
from waitingroom.room import look_call
from waitingroom.snapshot import Snapshot

# Real commits: what is saved counts once it is committed.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def room(event: Event) -> WaitingRoom:
    """Twelve places, two servers of 60 a minute."""
    room = event.room
    room.threshold, room.users_per_minute_per_instance = 12, 60
    room.save()
    return room


@pytest.fixture
def crowd(room: WaitingRoom) -> WaitingRoom:
    """Twelve are inside, and thirty wait."""
    run_now([join_call(room.slug, visitor) for visitor in names(42)])
    return room


def at(name: str, room: WaitingRoom) -> str:
    return reverse(f"console-acts:{name}", args=[room.slug])


def shown(browser: Client, room: WaitingRoom) -> Any:
    """The acts as the page shows them."""
    page = browser.get(at("page", room))
    assert page.status_code == 200
    return page


def sent(form: Any) -> dict[str, Any]:
    """What a browser would send back of a form, unchanged."""
    return {name: "" if (value := form[name].value()) is None else value for name in form.fields}


def acts_of(page: Any) -> Any:
    return page.context["acts"]


def tune(browser: Client, room: WaitingRoom, **changes: object) -> Any:
    return browser.post(at("tune", room), sent(acts_of(shown(browser, room)).tuning) | changes)


def told(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def status(room: WaitingRoom) -> Any:
    return admission.status([room.slug])[0]


def as_it_was(room: WaitingRoom) -> bool:
    stored = WaitingRoom.objects.get(pk=room.pk)
    return (stored.version, stored.mode) == (room.version, room.mode)


def tick(room: WaitingRoom) -> list[str]:
    return read_ticked(run_now(list(clock_calls(room.slug, "clock"))))


def test_what_is_tuned_counts_at_once_and_is_on_record(admin_client, room):
    answer = tune(admin_client, room, threshold="50", users_per_minute_per_instance="90")

    assert answer.headers["Location"] == reverse("console-sale", args=[room.slug])
    found = status(room)
    assert (found.threshold, found.users_per_minute_per_instance) == (50, 90)
    act = StaffAct.objects.get(kind="waitingroom", act="altered")
    assert (act.who, act.reason, act.values["threshold"]) == ("admin", "console: tuned", [12, 50])


# What makes no sense, by field.
WRONG = (
    *(("threshold", value) for value in ("0", "-5", "many", "1000001", "")),
    *(("users_per_minute_per_instance", value) for value in ("0", "1e3", "")),
)


def test_what_makes_no_sense_is_told_at_its_field_and_changes_nothing(admin_client, room):
    for field, value in WRONG:
        answer = tune(admin_client, room, **{field: value})

        assert answer.status_code == 200, (field, value)
        assert acts_of(answer).tuning.errors[field]
        assert 'class="errorlist"' in answer.content.decode()
        query = {"threshold": "12", "users_per_minute_per_instance": "60", field: value}
        asked = admin_client.get(at("effect", room), query)
        assert (asked.status_code, list(asked.json()["errors"])) == (400, [field])
    assert as_it_was(room)


def test_of_a_room_that_follows_the_fleet_the_threshold_per_server_is_tuned(admin_client, room):
    room.threshold_per_instance = 40
    room.save()

    assert acts_of(shown(admin_client, room)).tuning.slid == ["threshold_per_instance", "users_per_minute_per_instance"]
    assert tune(admin_client, room, threshold_per_instance="30", threshold="7").status_code == 302
    stored = WaitingRoom.objects.get(pk=room.pk)
    assert (stored.threshold_per_instance, stored.threshold) == (30, 12)
    assert tune(admin_client, room, threshold_per_instance="").status_code == 200


def test_of_two_who_tune_the_later_is_told_and_overwrites_nothing(admin_client, room):
    seen = sent(acts_of(shown(admin_client, room)).tuning)
    tune(admin_client, room, threshold="50")

    later = admin_client.post(at("tune", room), seen | {"users_per_minute_per_instance": "70"})

    assert later.status_code == 200
    assert "admin" in str(acts_of(later).tuning.non_field_errors())
    stored = WaitingRoom.objects.get(pk=room.pk)
    assert (stored.threshold, stored.users_per_minute_per_instance) == (50, 60)


def test_the_second_click_of_two_finds_it_done(admin_client, room):
    seen = sent(acts_of(shown(admin_client, room)).tuning) | {"threshold": "50"}

    answers = [admin_client.post(at("tune", room), seen).status_code for _ in range(2)]

    assert answers == [302, 302]
    assert StaffAct.objects.filter(kind="waitingroom", act="altered").count() == 1


def test_the_preview_shows_the_effect_and_saves_nothing(admin_client, crowd):
    page = tune(admin_client, crowd, threshold="5", preview="1")

    rows = {row.name: (row.now, row.then) for row in acts_of(page).effect}
    assert rows["aboveThreshold"] == ("0", "7")
    assert 'value="5"' in page.content.decode()
    assert as_it_was(crowd)


def test_what_was_foretold_is_what_the_next_tick_does(admin_client, make_event):
    for threshold, per_minute in ((12, 60), (13, 6000), (20, 600), (42, 6000), (5, 6000), (42, 1)):
        crowd = WaitingRoom.objects.create(
            slug=f"foretold-{threshold}-{per_minute}", threshold=12, users_per_minute_per_instance=60
        )
        run_now([join_call(crowd.slug, visitor) for visitor in names(42)])
        tick(crowd)
        wanted = {"threshold": threshold, "users_per_minute_per_instance": per_minute}
        foretold = admin_client.get(at("effect", crowd), wanted).json()["effect"]

        tune(admin_client, crowd, **wanted)

        found = status(crowd)
        assert found.threshold == foretold["threshold"]
        assert foretold["aboveThreshold"] == max(0, found.active - threshold)
        assert found.estimated_wait_s == pytest.approx(foretold["newcomerWaitSeconds"], rel=0.02, abs=5)  # time goes on
        # Between the two looks tokens gather, at the rate that holds.
        assert foretold["admittedAtOnce"] <= len(tick(crowd)) <= max(0, threshold - 12)
        crowd.delete()


def test_announcements_reach_the_line_and_are_taken_back(admin_client, crowd):
    form = sent(acts_of(shown(admin_client, crowd)).words)
    assert admin_client.post(at("announce", crowd), form | {"announcement_ko": "곧 엽니다"}).status_code == 302
    assert announced(crowd) == "곧 엽니다"

    form = sent(acts_of(shown(admin_client, crowd)).words)
    assert admin_client.post(at("announce", crowd), form | {"clear": "1"}).status_code == 302
    assert announced(crowd) == ""


def announced(room: WaitingRoom) -> object:
    (answer,) = run_now([look_call(room.slug, names(1))])
    return Snapshot.read(answer).announcement.told["text"]


def test_too_long_a_word_is_refused(admin_client, crowd):
    form = sent(acts_of(shown(admin_client, crowd)).words)

    answer = admin_client.post(at("announce", crowd), form | {"announcement_en": "x" * 301})

    assert acts_of(answer).words.errors["announcement_en"]
    assert as_it_was(crowd)


@pytest.mark.parametrize(("verb", "mode"), [("pause", Mode.PAUSED), ("drain", Mode.DRAINING)])
def test_the_line_stands_and_goes_on_in_the_mode_it_had(admin_client, crowd, verb, mode):
    crowd.mode = Mode.ALWAYS
    crowd.save()
    asked = admin_client.get(at(verb, crowd))
    assert "30" in asked.content.decode()  # how many it is about
    assert as_it_was(crowd)

    assert admin_client.post(at(verb, crowd), sent(asked.context["form"])).status_code == 302
    assert status(crowd).mode == mode

    asked = admin_client.get(at("open", crowd))
    assert admin_client.post(at("open", crowd), sent(asked.context["form"])).status_code == 302
    assert status(crowd).mode == Mode.ALWAYS


def test_closing_says_whom_it_sends_away_and_needs_a_yes(admin_client, crowd):
    asked = admin_client.get(at("close", crowd))
    form = sent(asked.context["form"]) | {"closed_reason_ko": "점검", "close_agreed": ""}
    assert 'name="close_agreed"' in asked.content.decode()
    assert "30" in asked.content.decode()

    without = admin_client.post(at("close", crowd), form)
    assert without.status_code == 200
    assert without.context["form"].errors["close_agreed"]
    assert status(crowd).mode == Mode.AUTOMATIC

    assert admin_client.post(at("close", crowd), form | {"close_agreed": "on"}).status_code == 302
    stored = WaitingRoom.objects.get(pk=crowd.pk)
    assert (stored.mode, stored.closed_reason_ko) == (Mode.CLOSED, "점검")


def admitting(browser: Client, room: WaitingRoom, **changes: object) -> dict[str, Any]:
    form = sent(acts_of(shown(browser, room)).admitting)
    return form | {"count": "3", "reason": "wheelchairs at the side door"} | changes


@pytest.fixture
def vacant(crowd: WaitingRoom) -> WaitingRoom:
    """Five of the twelve left, and the rate has let nobody in for them yet."""
    tick(crowd)
    for visitor in names(5):
        admission.leave(crowd.slug, visitor, Reason.LEFT)
    return crowd


def test_the_hand_asks_first_and_then_lets_the_head_in_on_record(admin_client, vacant):
    form = admitting(admin_client, vacant)
    asked = admin_client.post(at("admit", vacant), form)
    assert asked.status_code == 200
    assert status(vacant).active == 7

    assert admin_client.post(at("admit", vacant), form | {"sure": "1"}).status_code == 302

    (answer,) = run_now([look_call(vacant.slug, names(4, start=12))])
    assert [place.phase for place in Snapshot.read(answer).places] == ["active"] * 3 + ["waiting"]
    act = StaffAct.objects.get(act="admitted by hand")
    assert (act.reason, act.values["asked"], act.values["admitted"]) == ("wheelchairs at the side door", 3, 3)
    decision = ScalingDecision.objects.get(reason="by-hand")
    assert decision.before == decision.after
    assert (decision.terms["room"], decision.terms["admitted"], decision.terms["by"]) == (vacant.slug, 3, "admin")
    assert "wheelchairs at the side door" in shown(admin_client, vacant).content.decode()


def test_two_clicks_at_once_admit_once(admin_client, vacant):
    form = admitting(admin_client, vacant, count="2") | {"sure": "1"}

    def click(_: int) -> int:
        browser = Client()
        browser.force_login(User.objects.get(username="admin"))
        try:
            return browser.post(at("admit", vacant), form).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(click, range(4))) == [302] * 4

    assert status(vacant).admitted == 2
    assert StaffAct.objects.filter(act="admitted by hand").count() == 1
    assert ScalingDecision.objects.filter(reason="by-hand").count() == 1


def test_the_hand_is_bounded_and_gives_a_reason(admin_client, vacant):
    for name, value in (("count", "0"), ("count", "101"), ("count", "all"), ("reason", " "), ("request", "x")):
        answer = admin_client.post(
            at("admit", vacant), admitting(admin_client, vacant, **{name: value}) | {"sure": "1"}
        )

        assert answer.status_code == 200
        assert list(acts_of(answer).admitting.errors) == [name], value
    assert status(vacant).admitted == 0


def test_the_hand_lets_nobody_into_a_line_that_stands(admin_client, vacant):
    form = admitting(admin_client, vacant) | {"sure": "1"}
    for mode in (Mode.PAUSED, Mode.CLOSED):
        vacant.mode = mode
        vacant.save()

        answer = admin_client.post(at("admit", vacant), form)

        assert answer.status_code == 200
        assert "멈춰" in told(answer)[0]
    assert status(vacant).admitted == 0
    assert not StaffAct.objects.filter(act="admitted by hand").exists()


def test_the_hand_lets_nobody_into_a_full_room(admin_client, crowd):
    answer = admin_client.post(at("admit", crowd), admitting(admin_client, crowd) | {"sure": "1"})

    assert answer.status_code == 200
    assert status(crowd).active == 12


@pytest.fixture
def redis_away(settings: Any) -> Iterator[Callable[[], None]]:
    """From the call on nobody answers at Redis's address."""
    address = settings.REDIS_URL

    def go() -> None:
        settings.REDIS_URL = "redis://127.0.0.1:1"
        redis.client.cache_clear()

    yield go
    settings.REDIS_URL = address
    redis.client.cache_clear()


def test_while_redis_is_away_nothing_is_done_and_staff_hear_so(admin_client, crowd, redis_away):
    pinned = FleetPin.objects.create(floor=4, until=timezone.now() + timedelta(hours=1), why="more", by="boss")
    page = acts_of(shown(admin_client, crowd))
    forms = {
        "tune": sent(page.tuning) | {"threshold": "50"},
        "announce": sent(page.words) | {"announcement_ko": "곧"},
        "pause": sent(page.words),
        "close": sent(page.words) | {"close_agreed": "on"},
        "admit": admitting(admin_client, crowd) | {"sure": "1"},
        "pin": {"floor": "3", "why": "more", "minutes": "60", "sure": "1"},
        "lift": {"pin": str(pinned.pk), "sure": "1"},
    }
    redis_away()

    for act, form in forms.items():
        answer = admin_client.post(at(act, crowd), form)

        assert (answer.status_code, len(told(answer))) == (200, 1), act
    assert as_it_was(crowd)
    assert [(pin.pk, pin.lifted_at) for pin in FleetPin.objects.all()] == [(pinned.pk, None)]
    assert not StaffAct.objects.filter(act="admitted by hand").exists()


FAULTS = (RedisConnectionError("away"), OSError("away"))


@pytest.mark.parametrize("fault", [*FAULTS, OperationalError("away")], ids=["redis", "network", "database"])
def test_a_pin_that_is_kept_is_said_to_be_whatever_fails_after_it(admin_client, room, monkeypatch, fault):
    def failing(_now: float) -> None:
        raise fault

    monkeypatch.setattr(operator_actions, "hold", failing)
    ordered = {"floor": "4", "why": "more", "minutes": "60", "sure": "1"}

    assert "저장했습니다" in told(admin_client.post(at("pin", room), ordered, follow=True))[0]
    pin = FleetPin.objects.get()
    assert "반영됩니다" in told(admin_client.post(at("lift", room), {"pin": pin.pk, "sure": "1"}, follow=True))[0]
    assert FleetPin.objects.get().lifted_by == "admin"


@pytest.mark.parametrize("fault", FAULTS, ids=["redis", "network"])
def test_who_was_admitted_by_hand_is_said_to_be_whatever_fails_after_it(admin_client, vacant, monkeypatch, fault):
    def failing(*_: object, **__: object) -> None:
        raise fault

    form = admitting(admin_client, vacant) | {"sure": "1"}
    monkeypatch.setattr(operator_actions, "note_admission", failing)

    answer = admin_client.post(at("admit", vacant), form)

    assert answer.status_code == 302
    assert StaffAct.objects.get(act=BY_HAND).values["admitted"] == status(vacant).admitted == 3


ACTS = ("tune", "announce", "pause", "drain", "close", "open", "admit")
ORDERS = ("pin", "lift")


def somebody(permission: str = "", group: str = "", role: Role | None = None, event: Event | None = None) -> Client:
    account = User.objects.create_user(f"somebody-{secrets.token_hex(4)}", is_staff=True)
    account.user_permissions.set(Permission.objects.filter(codename=permission))
    if group:
        account.groups.add(Group.objects.get(name=group))
    if role and event:
        EventStaff.objects.create(event=event, account=account, role=role)
    browser = Client()
    browser.force_login(account)
    return browser


# Who, and whether they look, act on the line, and order servers.
WHO: tuple[tuple[dict[str, Any], bool, bool, bool], ...] = (
    ({"role": Role.ORGANISER}, True, True, False),
    ({"role": Role.BOX_OFFICE}, True, False, False),
    ({"role": Role.FINANCE}, True, False, False),
    ({"role": Role.DOOR}, False, False, False),
    ({"group": BOX_OFFICE}, True, False, False),
    ({"group": SALES_MANAGERS}, True, True, False),
    ({"permission": "add_fleetpin"}, True, False, True),
    ({}, False, False, False),
)


def test_who_may_what(event, room):
    for who, looks, acts, orders in WHO:
        browser = somebody(**who, event=event)

        page = browser.get(at("page", room))
        answers = {act: browser.post(at(act, room), {}).status_code for act in (*ACTS, *ORDERS)}

        assert page.status_code == (200 if looks else 403), who
        assert {act for act in ACTS if answers[act] != 403} == (set(ACTS) if acts else set()), who
        assert {act for act in ORDERS if answers[act] != 403} == (set(ORDERS) if orders else set()), who
        assert browser.get(at("effect", room)).status_code == (400 if acts else 403)
        if looks:
            text = page.content.decode()
            assert [at(act, room) in text for act in ("tune", "admit", "pause")] == [acts] * 3, who
            assert (at("pin", room) in text) == orders, who
            assert ("<form" in text.partition('class="acts"')[2]) == (acts or orders), who
    assert as_it_was(room)


def test_the_organiser_of_another_event_may_nothing_here(event, room, make_event):
    browser = somebody(role=Role.ORGANISER, event=make_event())

    assert browser.get(at("page", room)).status_code == 403
    assert {browser.post(at(act, room), {}).status_code for act in ACTS} == {403}


def test_forms_of_other_sites_are_refused(room):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(User.objects.create_superuser("boss"))

    assert {browser.post(at(act, room), {}).status_code for act in (*ACTS, *ORDERS)} == {403}


def test_servers_are_ordered_for_some_time_and_asked_first(admin_client, room):
    form = {"floor": "4", "ceiling": "", "why": "the line at the door", "minutes": "60"}
    assert admin_client.post(at("pin", room), form).status_code == 200
    assert not FleetPin.objects.exists()

    assert admin_client.post(at("pin", room), form | {"sure": "1"}).status_code == 302
    pin = FleetPin.objects.get()
    assert (pin.floor, pin.by, pin.why) == (4, "admin", "the line at the door")
    assert ScalingDecision.objects.filter(reason="pin", after=4).exists()

    lifting = hidden(shown(admin_client, room), at("lift", room))
    asked = admin_client.post(at("lift", room), lifting)
    assert FleetPin.objects.get().lifted_at is None
    assert admin_client.post(at("lift", room), hidden(asked, "") | {"sure": "1"}).status_code == 302
    assert FleetPin.objects.get().lifted_by == "admin"


def hidden(page: Any, action: str) -> dict[str, str]:
    """What the page's form to that address sends without being filled in; of a form to its own page without one."""
    start = f'action="{action}"' if action else 'class="acts-part acts-asked"'
    form = page.content.decode().partition(start)[2].partition("</form>")[0]
    found: dict[str, str] = {}
    for tag in re.findall(r'<input type="hidden"[^>]*>', form):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        found[attributes["name"]] = attributes["value"]
    return found


def test_no_other_pin_is_lifted_than_was_shown(admin_client, room):
    until = timezone.now() + timedelta(hours=1)
    FleetPin.objects.create(floor=4, until=until, why="the line at the door", by="boss")
    seen = hidden(shown(admin_client, room), at("lift", room))
    FleetPin.objects.create(floor=7, until=until, why="the fan club's bus", by="ops")

    for form in (seen, {}, {"pin": "x"}, {"pin": "999999"}):
        answer = admin_client.post(at("lift", room), form | {"sure": "1"})
        assert answer.status_code == 200
        assert "다른 서버 고정" in told(answer)[0]
    assert not FleetPin.objects.exclude(lifted_at=None).exists()


def test_an_order_that_makes_no_sense_is_refused(admin_client, room):
    right = {"floor": "4", "ceiling": "", "why": "more", "minutes": "60", "sure": "1"}
    for wrong in ({"floor": ""}, {"floor": "99"}, {"ceiling": "3"}, {"why": ""}, {"minutes": "5000"}):
        answer = admin_client.post(at("pin", room), right | wrong)

        assert answer.status_code == 200
        assert acts_of(answer).pinning.errors, wrong
    assert not FleetPin.objects.exists()


def test_the_history_names_who_changed_what_newest_first_and_is_bounded(admin_client, room):
    for threshold in range(100, 100 + MAX_SHOWN + 3):
        room.threshold = threshold
        room.save()
    tune(admin_client, room, threshold="77")

    history = acts_of(shown(admin_client, room)).history

    assert len(history) == MAX_SHOWN
    assert (history[0].who, history[0].reason) == ("admin", "현황판: 임계값과 속도 조정")
    assert [(change.before, change.after) for change in history[0].changes] == [("122", "77")]
    assert [entry.at for entry in history] == sorted((entry.at for entry in history), reverse=True)


def test_what_is_made_says_so_and_what_the_site_lays_over_a_room_is_nobodys_change(admin_client, event, room):
    event.opens_at -= timedelta(hours=1)
    event.save()
    lay_over_room(event)
    tune(admin_client, room, threshold="77")

    history = acts_of(shown(admin_client, room)).history

    told = [[change.name for change in entry.changes] for entry in history if entry.about == "대기열"]
    assert told[0] == ["임계값"]
    assert {name for names_told in told for name in names_told} <= {"임계값", "서버당 분당 입장 인원"}
    assert {"대기열 생성", "공연 생성"} <= {entry.about for entry in history}
    assert history[0].reason == "현황판: 임계값과 속도 조정"


def test_the_sales_console_carries_the_acts(admin_client, room):
    page = admin_client.get(reverse("console-sale", args=[room.slug]))

    assert acts_of(page).rights.tune
    assert at("tune", room) in page.content.decode()


def test_no_id_stands_twice_among_the_acts(admin_client, room):
    ids = re.findall(r'\bid="([^"]+)"', shown(admin_client, room).content.decode())

    assert len(ids) == len(set(ids))


def test_pins_are_in_the_history_of_those_with_a_right_to_them(admin_client, event, room):
    FleetPin.objects.create(floor=4, until=timezone.now() + timedelta(hours=1), why="the line at the door", by="boss")

    reader = somebody("view_fleetpin", BOX_OFFICE)
    organiser = somebody(role=Role.ORGANISER, event=event)
    for browser, told in ((admin_client, True), (reader, True), (organiser, False)):
        reasons = [entry.reason for entry in acts_of(shown(browser, room)).history]
        assert ("the line at the door" in reasons) == told


def test_what_the_staff_did_by_hand_is_told_to_who_may_see_their_acts(admin_client, event, room):
    StaffAct.objects.create(who="boss", act=BY_HAND, event=event.slug, reason="the fan club's bus")
    event.title_en = "Renamed"
    event.save()

    for role, told in ((Role.ORGANISER, True), (Role.BOX_OFFICE, False), (Role.FINANCE, False)):
        browser = somebody(role=role, event=event)
        history = acts_of(shown(browser, room)).history
        assert ("the fan club's bus" in [entry.reason for entry in history]) == told
        assert "Renamed" in {change.after for entry in history for change in entry.changes}
    for permission in ("view_waitingroom", "add_fleetpin"):
        history = acts_of(shown(somebody(permission), room)).history
        assert not {"the fan club's bus"} & {entry.reason for entry in history}
        assert "Renamed" not in {change.after for entry in history for change in entry.changes}


def test_times_are_told_by_the_clock_of_the_venue_and_with_its_name(admin_client, event, room):
    event.venue.time_zone = "Asia/Kolkata"
    event.venue.save()
    event.closes_at = datetime(2098, 5, 1, 12, 0, tzinfo=UTC)
    event.save()
    FleetPin.objects.create(floor=4, until=datetime(2099, 5, 1, 12, 0, tzinfo=UTC), why="more", by="boss")
    FleetPin.objects.update(made_at=datetime(2098, 5, 1, 1, 2, 3, tzinfo=UTC))

    page = shown(admin_client, room)
    text = page.content.decode()
    changed = [change.after for entry in acts_of(page).history for change in entry.changes]

    assert sum("17:30 IST" in value for value in changed) == 2  # the sale's end, and the pin's
    assert "05-01 06:32:03 IST" in text
    assert text.count("05-01 17:30 IST") == 1  # the pin in force
    assert "KST" not in text.partition('class="acts"')[2]
    asked = admin_client.post(at("lift", room), {"pin": FleetPin.objects.get().pk}).content.decode()
    assert "05-01 17:30 IST" in asked


def test_a_room_without_an_event_has_its_acts_as_well(admin_client):
    room = WaitingRoom.objects.create(slug="alone")

    assert tune(admin_client, room, threshold="7").headers["Location"] == at("page", room)
    browser = somebody()
    assert browser.get(at("page", room)).status_code == 403
