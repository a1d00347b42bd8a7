"""The clock takes a draw from its rule to the line, each step once, whoever is killed and however many do it."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from tests.waitingroom.draw.evening import FAN_CLUB, ROUND, SIGNATURE, secret_party
from tests.waitingroom.draw.hour import CLOSES, GATHERS, LAST_ENTRY, LATER, OPENS, Hour
from waitingroom import configure, drand_relays, draw_files, draw_people, draw_steps, drawing, drawn_line, scripts
from waitingroom.draw.numbers import queue_number
from waitingroom.draw.sources import Drand, Local
from waitingroom.draw.verify import verify
from waitingroom.draw_plan import DrawPlan
from waitingroom.draw_records import Draw, DrawClosing, DrawEntry, DrawnLine, DrawResult, DrawReveal
from waitingroom.drawing import Drawing
from waitingroom.errors import AlreadyTaken, DrawRefused
from waitingroom.models import OpeningOrder, WaitingRoom
from waitingroom.opening import microseconds
from waitingroom.reasons import Reason
from waitingroom.redis import run_now
from waitingroom.room import JoinIntent, leave_call
from waitingroom.timing import RETURN_MS

pytestmark = pytest.mark.django_db(transaction=True)
LOCAL = {"chance": "local"}
CLOSED = OPENS - timedelta(seconds=9)  # a second after a local draw's entries end
PARTY = secret_party("팬클럽 하늘", FAN_CLUB)
MakeHour = Callable[..., Hour]


@pytest.fixture
def make_hour(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeHour]:
    made: list[Hour] = []

    def make(plan: dict[str, Any] | None = None, **settings: Any) -> Hour:
        made.append(Hour(plan or {}, settings).hold(monkeypatch))
        return made[-1]

    yield make
    for hour in made:
        configure.remove(hour.slug)


@pytest.fixture
def drand(monkeypatch: pytest.MonkeyPatch) -> list[Drand]:
    """The network has spoken; relays are the one thing made up. What it was asked for."""
    asked: list[Drand] = []

    def word_of(_self: object, source: Drand) -> str:
        asked.append(source)
        return SIGNATURE

    monkeypatch.setattr(drand_relays.Asking, "word_of", word_of)
    return asked


def names(count: int) -> list[str]:
    return [f"AAAA{i:012}" for i in range(count)]


def test_an_evening_by_the_clock(make_hour: MakeHour, drand: list[Drand]):
    hour = make_hour()
    fans = names(40)

    hour.turn(GATHERS - LATER)
    assert not Draw.objects.exists()
    hour.turn(GATHERS)
    rule = draw_steps.draw_of(hour.slug).rule
    assert (rule.opens_at, rule.closes_at, rule.sources) == (GATHERS, CLOSES, (ROUND,))

    hour.come(fans[:30])
    hour.turn(GATHERS + LATER)
    hour.come(fans[30:])
    hour.turn(LAST_ENTRY)
    draw = draw_steps.draw_of(hour.slug)
    assert set(draw.entries.values_list("person", flat=True)) == set(fans)
    early = draw_files.receipt_of(draw, fans[7])

    hour.turn(CLOSES)
    assert DrawClosing.objects.get(draw=draw).checkpoint.size == 40
    hour.come(["too late"])
    hour.turn(ROUND.at - LATER)
    assert (drand, DrawResult.objects.count()) == ([], 0)
    hour.turn(ROUND.at)
    assert drand == [ROUND]
    order = draw_steps.drawn(draw)

    hour.turn(OPENS - timedelta(seconds=5))
    assert not hour.is_open()
    assert not DrawnLine.objects.exists()
    hour.turn(OPENS)
    assert hour.is_open()
    opens_us = microseconds(OPENS)
    line = hour.line()
    assert list(line)[:40] == order
    assert [line[one] for one in order] == [queue_number(rank, 40, opens_us) for rank in range(1, 41)]
    assert list(line)[40:] == ["too late"]
    for receipt in (early, draw_files.receipt_of(draw, fans[7])):
        assert verify(draw_files.bundle_of(draw), [receipt], key=draw.key).verdict == "holds"


def test_two_minutes_of_turns_change_nothing_more(make_hour: MakeHour):
    hour = make_hour(LOCAL)
    hour.turn(GATHERS)
    hour.come(names(5))
    hour.turn(LAST_ENTRY)
    hour.turn(CLOSED)
    hour.turn(OPENS)
    line, bundle = hour.line(), draw_files.bundle_of(draw_steps.draw_of(hour.slug))

    for second in range(20):
        hour.turn(OPENS + timedelta(seconds=6 * second))

    assert (hour.line(), draw_files.bundle_of(draw_steps.draw_of(hour.slug))) == (line, bundle)


class Killed(BaseException):
    """As kill -9: nothing more of the turn is done."""


def kill_at(monkeypatch: pytest.MonkeyPatch, where: str, *, done: bool) -> None:
    """The worker dies the first time that it comes there, before or after it."""
    holder: Any = {"note_lined_up": WaitingRoom, "line_up": drawn_line, "note": drawn_line}.get(where, draw_steps)
    real, deaths = getattr(holder, where), iter([True])

    def dies(*args: Any, **kwargs: Any) -> Any:
        dying = next(deaths, False)
        if dying and not done:
            raise Killed
        answer = real(*args, **kwargs)
        if dying:
            raise Killed
        return answer

    monkeypatch.setattr(holder, where, dies)


STEPS = ["announce", "enter", "close", "own_chance", "reveal", "line_of", "line_up", "note", "note_lined_up"]


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("where", STEPS)
def test_killed_between_any_two_steps_another_goes_on(
    make_hour: MakeHour, monkeypatch: pytest.MonkeyPatch, where: str, done: bool
):
    hour = make_hour(LOCAL)
    fans = names(25)
    kill_at(monkeypatch, where, done=done)
    died = 0

    for at in (GATHERS, LAST_ENTRY, LAST_ENTRY + LATER, CLOSED, CLOSED + LATER, OPENS, OPENS + LATER):
        hour.come(fans)
        try:
            hour.turn(at)
        except Killed:
            died += 1
            hour.worker = Drawing()  # another process, which knows nothing
            hour.turn(at)

    draw = draw_steps.draw_of(hour.slug)
    assert died == 1
    assert hour.is_open()
    assert list(hour.line()) == draw_steps.drawn(draw)
    assert sorted(hour.line()) == sorted(fans)
    kept = (Draw, DrawClosing, DrawReveal, DrawResult, DrawnLine)
    assert [model.objects.count() for model in kept] == [1] * 5
    assert verify(draw_files.bundle_of(draw), [draw_files.receipt_of(draw, fans[3])]).verdict == "untrusted"


def test_killed_in_the_middle_of_lining_up_the_rest_follow_and_nobody_comes_in_before(
    make_hour: MakeHour, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(drawn_line, "MAX_AT_ONCE", 10)
    hour = make_hour(LOCAL)
    fans = names(35)
    hour.turn(GATHERS)
    hour.come(fans)
    hour.turn(LAST_ENTRY)
    hour.turn(CLOSED)
    real, calls = drawn_line.line_up, iter([2])

    def dies(room: str, visitors: list[str], **options: Any) -> Any:
        if batches := next(calls, 0):
            run_now(drawn_line.draw_calls(room, visitors, **options)[:batches])
            raise Killed
        return real(room, visitors, **options)

    monkeypatch.setattr(drawn_line, "line_up", dies)
    with pytest.raises(Killed):
        hour.turn(OPENS)
    assert not hour.is_open()  # the gate holds

    hour.worker = Drawing()
    hour.turn(OPENS + timedelta(minutes=3))

    assert list(hour.line()) == draw_steps.drawn(draw_steps.draw_of(hour.slug))
    assert hour.line() == dict(zip(hour.line(), range(microseconds(OPENS) - 35, microseconds(OPENS)), strict=True))


def test_two_workers_at_once_draw_once(make_hour: MakeHour):
    hour = make_hour(LOCAL)
    fans = names(200)
    hour.come(fans)
    failed: list[BaseException] = []

    def both(at: Any) -> None:
        hour.at = at
        workers = [Drawing() for _ in range(3)]

        def work(worker: Drawing) -> None:
            try:
                worker.turn()
            except BaseException as error:  # told below
                failed.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    for at in (GATHERS, LAST_ENTRY, CLOSED, CLOSED + LATER, OPENS, OPENS + LATER):
        both(at)

    assert failed == []
    assert DrawEntry.objects.count() == 200
    assert [model.objects.count() for model in (Draw, DrawClosing, DrawReveal, DrawResult, DrawnLine)] == [1] * 5
    assert list(hour.line()) == draw_steps.drawn(draw_steps.draw_of(hour.slug))


@pytest.mark.parametrize("where", ["announce", "close", "reveal"])
def test_who_comes_second_to_a_step_goes_on_from_it(make_hour: MakeHour, monkeypatch: pytest.MonkeyPatch, where: str):
    """Between a worker's look and its step another takes the step."""
    hour = make_hour(LOCAL)
    real, other = getattr(draw_steps, where), iter([True])

    def late(*args: Any, **kwargs: Any) -> Any:
        if next(other, False):
            real(*args, **kwargs)
        return real(*args, **kwargs)

    monkeypatch.setattr(draw_steps, where, late)
    hour.turn(GATHERS)
    hour.come(names(5))
    hour.turn(LAST_ENTRY)
    hour.turn(CLOSED)

    assert DrawResult.objects.count() == 1


def test_where_accounts_are_demanded_the_address_enters_once_however_it_is_written(make_hour: MakeHour):
    hour = make_hour(LOCAL, account_required=True)
    kim, again, none, lee = (
        User.objects.create(username=f"user-{i}", email=email)
        for i, email in enumerate(["kim@example.com", "KIM@example.com", "", "lee@example.com"])
    )
    hour.turn(GATHERS)
    hour.come([f"account-{user.pk}" for user in (kim, again, none, lee)])
    hour.come(["AAAAAAAAAAAAAAAA"])  # came before accounts were demanded

    hour.turn(LAST_ENTRY)

    assert set(DrawEntry.objects.values_list("person", "identity")) == {
        (f"account-{kim.pk}", "kim@example.com"),
        (f"account-{lee.pk}", "lee@example.com"),
    }
    User.objects.filter(pk=none.pk).update(email="choi@example.com")
    hour.come([f"account-{none.pk}"])  # a sign of life
    hour.turn(LAST_ENTRY + LATER)
    assert DrawEntry.objects.filter(person=f"account-{none.pk}").exists()


def test_who_never_brings_the_cookie_back_does_not_enter(make_hour: MakeHour):
    hour = make_hour(LOCAL)
    hour.turn(GATHERS)
    hour.come(names(3), intent=JoinIntent.NEW)
    hour.come(["AAAAbbbbCCCCdddd"])
    hour.turn(LAST_ENTRY)
    assert [entry.person for entry in DrawEntry.objects.all()] == ["AAAAbbbbCCCCdddd"]

    hour.come(names(1))  # it does
    hour.turn(LAST_ENTRY + LATER)

    assert DrawEntry.objects.count() == 2


def test_thousands_enter_in_one_turn_and_none_is_missed_between_two(
    make_hour: MakeHour, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(draw_people, "MAX_AT_ONCE", 100)
    monkeypatch.setattr(drawing, "MAX_AT_ONCE", 100)
    hour = make_hour(LOCAL)
    hour.turn(GATHERS)
    fans = names(730)
    for start in range(0, 730, 146):
        hour.come(fans[start : start + 146])  # many of them in one millisecond

    hour.turn(LAST_ENTRY)

    assert set(DrawEntry.objects.values_list("person", flat=True)) == set(fans)


def test_who_came_and_said_good_bye_between_two_turns_has_entered(make_hour: MakeHour):
    hour = make_hour(LOCAL)
    hour.turn(GATHERS)
    stays, looks_in = names(2)
    hour.come([stays])
    hour.turn(GATHERS + LATER)
    hour.come([looks_in])
    run_now([scripts.ABSENT.call(hour.slug, RETURN_MS, "", looks_in)])  # as seen before the other

    hour.turn(LAST_ENTRY)

    assert set(DrawEntry.objects.values_list("person", flat=True)) == {stays, looks_in}


def test_who_left_the_gathering_keeps_the_entry_and_holds_nobody_up(make_hour: MakeHour):
    hour = make_hour(LOCAL)
    hour.turn(GATHERS)
    hour.come(names(4))
    hour.turn(LAST_ENTRY)
    run_now([leave_call(hour.slug, names(1)[0], Reason.LEFT)])

    hour.turn(CLOSED)
    hour.turn(OPENS)

    assert DrawClosing.objects.get().checkpoint.size == 4
    assert set(hour.line()) >= set(names(4)[1:])


def test_nobody_entered_and_the_room_opens_all_the_same(make_hour: MakeHour):
    hour = make_hour(LOCAL)
    hour.turn(GATHERS)
    hour.turn(CLOSED)
    hour.come(["late"])

    hour.turn(OPENS)

    assert hour.is_open()
    assert list(hour.line()) == ["late"]


def test_an_opening_that_is_put_off_puts_nobody_without_an_entry_first(make_hour: MakeHour):
    hour = make_hour(LOCAL)
    hour.turn(GATHERS)
    fans = names(10)
    hour.come(fans)
    hour.turn(LAST_ENTRY)
    hour.turn(CLOSED)
    hour.come(["without an entry"])
    later = timezone.now() + timedelta(hours=1)  # later than the numbers that were given out by now
    hour.room.open_by(later, GATHERS, OpeningOrder.DRAW)
    hour.turn(OPENS)
    assert not hour.is_open()

    hour.turn(later)

    assert list(hour.line()) == [*draw_steps.drawn(draw_steps.draw_of(hour.slug)), "without an entry"]


def test_a_source_that_is_silent_holds_the_gate_and_nothing_takes_its_place(
    make_hour: MakeHour, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def silent(_self: object, source: Drand) -> str:
        raise DrawRefused(f"No relay gave {source.name}.")

    monkeypatch.setattr(drand_relays.Asking, "word_of", silent)
    hour = make_hour()
    hour.turn(GATHERS)
    hour.come(names(3))
    hour.turn(LAST_ENTRY)
    for at in (CLOSES, ROUND.at, OPENS, OPENS + timedelta(minutes=10), OPENS + timedelta(minutes=11)):
        hour.turn(at)

    assert not hour.is_open()
    assert (DrawReveal.objects.count(), DrawResult.objects.count()) == (0, 0)
    said = f"the draw of {hour.slug} does not go on: No relay gave drand 657413."
    assert sum(record.getMessage().startswith(said) for record in caplog.records) == 1  # not once a second

    draw_steps.reveal(hour.slug, 0, SIGNATURE)  # typed in
    hour.turn(OPENS + timedelta(minutes=12))
    assert list(hour.line()) == draw_steps.drawn(draw_steps.draw_of(hour.slug))
    assert hour.is_open()


def test_a_draw_that_is_given_up_lets_them_in_by_arrival_and_never_draws_again(make_hour: MakeHour):
    hour = make_hour({"chance": "parties", "parties": f"{PARTY.commitment} {PARTY.name}"})
    fans = names(6)
    hour.turn(GATHERS)
    hour.come(fans)
    hour.turn(LAST_ENTRY)
    hour.turn(CLOSES)
    with pytest.raises(DrawRefused, match="Until the opening"):
        draw_steps.give_up(hour.room, "the fan club is silent")
    hour.turn(OPENS)
    assert not hour.is_open()

    draw_steps.give_up(hour.room, "the fan club is silent")
    hour.turn(OPENS + LATER)

    assert hour.is_open()
    assert list(hour.line()) == fans
    with pytest.raises(AlreadyTaken):
        draw_steps.give_up(hour.room, "again")
    with pytest.raises(DrawRefused, match="given up"):
        draw_steps.reveal(hour.slug, 0, FAN_CLUB.hex())
    with pytest.raises(AlreadyTaken):
        draw_steps.announce(hour.room, opens_at=GATHERS, closes_at=OPENS + LATER * 99, sources=[Local()])


def test_a_draw_that_is_done_cannot_be_given_up(make_hour: MakeHour):
    hour = make_hour(LOCAL)
    hour.turn(GATHERS)
    hour.come(names(3))
    hour.turn(CLOSED)
    hour.at = OPENS + LATER

    with pytest.raises(DrawRefused, match="its order stands"):
        draw_steps.give_up(hour.room, "it did not please")


def test_a_draw_that_was_not_closed_in_time_is_void(make_hour: MakeHour, drand: list[Drand]):
    """The site was away while everybody could see the round coming."""
    hour = make_hour()
    hour.turn(GATHERS)
    hour.come(names(3))
    hour.turn(LAST_ENTRY)

    hour.turn(ROUND.at - timedelta(minutes=9))
    hour.turn(OPENS + LATER)

    assert not DrawClosing.objects.exists()
    assert not hour.is_open()


def test_one_draw_that_fails_stops_no_other(make_hour: MakeHour):
    bad, good = make_hour({"chance": "parties", "parties": ""}), make_hour(LOCAL)

    bad.turn(GATHERS)

    assert [draw.room for draw in Draw.objects.all()] == [good.slug]


@pytest.mark.parametrize("plan", [{}, {"chance": "both", "parties": f"{PARTY.commitment} {PARTY.name}"}, LOCAL])
def test_what_is_planned_is_what_the_rule_says(make_hour: MakeHour, plan: dict[str, str]):
    hour = make_hour(plan)

    hour.turn(GATHERS)
    DrawPlan.objects.update_or_create(room=hour.room, defaults={"chance": "local", "parties": "", "lead_minutes": 12})
    hour.turn(GATHERS + LATER)

    sources = {"both": (PARTY, ROUND), "local": (Local(),)}.get(plan.get("chance", ""), (ROUND,))
    assert draw_steps.draw_of(hour.slug).rule.sources == sources


def test_a_hidden_room_and_one_by_arrival_draw_nothing(make_hour: MakeHour):
    hidden, arrival = make_hour(LOCAL), make_hour(LOCAL)
    hidden.room.hide(hidden=True)
    arrival.room.open_by(OPENS, GATHERS, OpeningOrder.ARRIVAL)

    hidden.turn(OPENS)

    assert not Draw.objects.exists()
