"""Redis forgets a drawn line: whoever comes back by whatever slip stands where the draw put them."""

import random
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.patience import BUSY_S
from tests.waitingroom.draw.evening import FAN_CLUB, secret_party
from tests.waitingroom.draw.hour import CLOSES, GATHERS, LAST_ENTRY, LATER, OPENS, Hour
from waitingroom import admission, configure, draw_steps, drawn_line, scripts
from waitingroom.admission import end_recovery, read_admitted
from waitingroom.draw_records import DrawnLine, hand_over
from waitingroom.draw_state import draw_state, own_entry
from waitingroom.drawing import Drawing
from waitingroom.errors import DrawRefused
from waitingroom.keys import keys_of
from waitingroom.opening import microseconds
from waitingroom.place import Place, read_entered
from waitingroom.reasons import Reason
from waitingroom.redis import client, run_now
from waitingroom.room import JoinIntent, enter_call, leave_call, look_call, read_taken_back, take_back_call
from waitingroom.slips import ADMITTED, WAITING, Slip, presented
from waitingroom.snapshot import Snapshot

pytestmark = pytest.mark.django_db(transaction=True)
CLOSED = OPENS - timedelta(seconds=9)
PARTY = secret_party("팬클럽 하늘", FAN_CLUB)
FANS = [f"AAAA{i:012}" for i in range(60)]
NEVER = 4_102_444_800


class Lost(Hour):
    """A drawn evening whose Redis forgets."""

    def enter(self, visitor: str, slip: Slip | None = None, intent: JoinIntent = JoinIntent.JOIN) -> Place:
        (answer,) = run_now([enter_call(self.slug, [(visitor, intent, presented(slip))])])
        (place,) = read_entered(answer)
        assert isinstance(place, Place)
        return place

    def slip(self, visitor: str) -> Slip:
        """As the page gets it, that the visitor loads now."""
        place = self.enter(visitor)
        return Slip(WAITING, visitor, self.slug, place.epoch, place.queue_number, place.position, NEVER)

    def gather(self) -> dict[str, Slip]:
        """They gather, enter, and are drawn; their slips say the gathering's numbers."""
        self.turn(GATHERS)
        slips = {fan: self.slip(fan) for fan in FANS}
        self.turn(LAST_ENTRY)
        self.turn(CLOSED)
        return slips

    def lose(self) -> None:
        """FLUSHALL, for this room; the clock finds out."""
        client().unlink(*keys_of(self.slug).all())
        assert configure.put_in_force([self.room])

    def fail_over(self, copy: dict[str, Any]) -> None:
        """A replica serves, which has not got the last writes."""
        client().unlink(*keys_of(self.slug).all())
        for key, value in copy.items():
            if value is not None:
                client().restore(key, 0, value)

    def copy(self) -> dict[str, Any]:
        return {key: client().dump(key) for key in keys_of(self.slug).all()}

    def back(self, *slips: Slip) -> list[bool]:
        """Sockets bring them."""
        (answer,) = run_now([take_back_call(self.slug, [(slip.visitor, presented(slip)) for slip in slips])])
        return read_taken_back(answer)

    def admit(self) -> list[str]:
        return read_admitted(run_now([scripts.ADMIT.call(self.slug, "clock@test", 0, "", "")])[0])

    def look(self, *visitors: str) -> Snapshot:
        return Snapshot.read(run_now([look_call(self.slug, visitors)])[0])

    @property
    def order(self) -> list[str]:
        return draw_steps.drawn(draw_steps.draw_of(self.slug))


@pytest.fixture
def evening(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lost]:
    lost = Lost({"chance": "local"}, {"recovery_seconds": 0, "users_per_minute_per_instance": 1_000_000})
    lost.hold(monkeypatch)
    yield lost
    configure.remove(lost.slug)


def inversions(found: list[str], order: list[str]) -> int:
    place = {one: i for i, one in enumerate(order)}
    return sum(place[one] > place[other] for one, other in pairwise([one for one in found if one in place]))


@pytest.mark.parametrize("remembered", ["before they come", "between", "after they came"])
@pytest.mark.parametrize("door", ["page", "socket"])
def test_whoever_has_not_loaded_a_page_since_comes_back_to_the_drawn_place(evening: Lost, door: str, remembered: str):
    slips = evening.gather()
    evening.turn(OPENS)
    drawn, order = evening.line(), evening.order
    assert order != FANS
    evening.lose()
    returning = random.Random(7).sample(FANS, len(FANS))
    turns = {"before they come": 0, "between": 30, "after they came": 60}[remembered]

    def come(*fans: str) -> None:
        if door == "page":
            for fan in fans:
                evening.enter(fan, slips[fan])
        else:
            evening.back(*(slips[fan] for fan in fans))

    come(*returning[:turns])
    if turns:
        assert evening.look().recovering_s > 0
        assert evening.admit() == []  # not by the gathering's numbers
    evening.turn(OPENS + LATER)
    come(*returning[turns:])

    assert evening.line() == drawn
    assert list(evening.line()) == order
    assert evening.look().recovering_s == 0
    assert inversions(evening.admit(), order) == 0


def test_nobody_is_let_in_before_the_drawn_have_their_numbers_back_however_long_that_takes(evening: Lost):
    slips = evening.gather()
    evening.turn(OPENS)
    evening.lose()
    end_recovery(evening.slug)
    evening.back(*slips.values())

    assert evening.admit() == []
    assert evening.look().recovering_s == 1
    evening.turn(OPENS + timedelta(hours=5))
    assert evening.look().recovering_s == 0


def test_a_failover_that_loses_the_line_up_alone_is_healed_in_the_same_epoch(evening: Lost):
    evening.gather()
    before = evening.copy()
    evening.turn(OPENS)
    drawn, epoch = evening.line(), evening.room.epoch
    evening.fail_over(before)
    assert configure.put_in_force([evening.room])
    assert list(evening.line()) == FANS
    assert evening.admit() == []

    evening.turn(OPENS + LATER)

    assert (evening.line(), evening.room.epoch) == (drawn, epoch)
    assert evening.look().recovering_s == 0


@pytest.mark.parametrize("taken", ["before the opening", "after it"])
def test_an_old_copy_of_the_memory_is_a_loss_too(evening: Lost, taken: str):
    slips = evening.gather()
    old = evening.copy()
    evening.turn(OPENS)
    drawn = evening.line()
    old = evening.copy() if taken == "after it" else old
    evening.lose()
    evening.fail_over(old)
    assert configure.put_in_force([evening.room])

    evening.turn(OPENS + LATER)
    evening.back(*slips.values())

    assert evening.line() == drawn


def test_who_was_let_in_or_left_before_the_loss_is_not_put_back_into_the_line(evening: Lost):
    slips = evening.gather()
    evening.turn(OPENS)
    order = evening.order
    run_now([leave_call(evening.slug, order[0], Reason.LEFT)])
    inside = evening.slip(order[1])._replace(kind=ADMITTED, mark="1x00000000")
    evening.lose()

    evening.turn(OPENS + LATER)

    assert evening.line() == {}  # until they come
    evening.enter(order[1], inside)
    evening.back(*(slips[fan] for fan in order[2:]))
    assert list(evening.line()) == order[2:]
    assert client().zscore(keys_of(evening.slug).active, order[1]) is not None


@pytest.mark.parametrize("comes", ["before", "after"])
def test_who_left_and_came_again_since_has_given_the_drawn_number_up(evening: Lost, comes: str):
    slips = evening.gather()
    evening.turn(OPENS)
    order = evening.order
    run_now([leave_call(evening.slug, order[0], Reason.LEFT)])
    again = evening.slip(order[0])
    evening.lose()

    evening.back(*([again] if comes == "before" else []))
    evening.turn(OPENS + LATER)
    evening.back(again, *(slips[fan] for fan in order[1:]))

    assert list(evening.line()) == [*order[1:], order[0]]


def test_who_has_no_entry_and_who_comes_later_stay_behind_the_drawn(evening: Lost):
    slips = evening.gather()
    without = evening.slip("too late")
    evening.turn(OPENS)
    evening.lose()
    evening.enter("newcomer")  # while Redis remembers nobody
    evening.back(without)

    evening.turn(OPENS + LATER)
    evening.back(*slips.values())

    assert list(evening.line()) == [*evening.order, "too late", "newcomer"]


def test_a_loss_in_the_middle_of_the_line_up_is_noticed_and_all_of_it_done_again(
    evening: Lost, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(drawn_line, "MAX_AT_ONCE", 10)
    slips = evening.gather()
    real, losses = drawn_line.line_up, iter([True])

    def loses(room: str, visitors: list[str], **options: Any) -> Any:
        calls = drawn_line.draw_calls(room, visitors, **options)
        if next(losses, False):
            run_now(calls[:3])
            evening.lose()
            return run_now(calls[3:])
        return real(room, visitors, **options)

    monkeypatch.setattr(drawn_line, "line_up", loses)
    evening.turn(OPENS)
    assert not evening.is_open()  # half of a line is none
    evening.turn(OPENS + LATER)
    evening.back(*slips.values())

    assert evening.is_open()
    assert list(evening.line()) == evening.order


def test_a_failover_in_the_middle_is_noticed_though_the_epoch_is_the_same(
    evening: Lost, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(drawn_line, "MAX_AT_ONCE", 10)
    evening.gather()
    calls = drawn_line.draw_calls(
        evening.slug, evening.order, opened_us=drawn_line.given_out(evening.slug, 9**20)[0], seen_ms={}
    )
    before = evening.copy()
    run_now(calls[:3])
    evening.fail_over(before)
    run_now(calls[3:])

    with pytest.raises(DrawRefused, match="lost some"):
        drawn_line.note(evening.slug, len(FANS), 0)
    assert not drawn_line.is_noted(evening.slug)


@pytest.mark.parametrize("lost", ["before the closing", "before the opening"])
def test_a_loss_during_the_gathering_changes_no_rank(evening: Lost, lost: str):
    evening.turn(GATHERS)
    slips = {fan: evening.slip(fan) for fan in FANS}
    evening.turn(LAST_ENTRY)
    if lost == "before the closing":
        evening.lose()
    evening.turn(CLOSED)
    if lost == "before the opening":
        evening.lose()
    evening.back(*(slips[fan] for fan in FANS[:40]))
    evening.turn(OPENS)
    evening.back(*(slips[fan] for fan in FANS[40:]))

    assert list(evening.line()) == evening.order


def test_a_line_that_gathered_by_an_earlier_opening_and_was_lost_stands_behind_the_drawn(evening: Lost):
    slips = evening.gather()
    without = evening.slip("too late")
    later = OPENS + timedelta(days=2000)  # later than every number given out by now
    evening.room.open_by(later, GATHERS, "draw")
    evening.lose()

    evening.turn(later)
    evening.back(without, *slips.values())

    assert list(evening.line()) == [*evening.order, "too late"]


def test_a_killed_worker_remembers_the_rest_the_next_time(evening: Lost, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(drawn_line, "MAX_AT_ONCE", 7)
    slips = evening.gather()
    evening.turn(OPENS)
    drawn, line = evening.line(), DrawnLine.objects.get()
    evening.lose()
    evening.back(*slips.values())
    batch = evening.order[:7]
    run_now([scripts.REMEMBER.call(evening.slug, line.opened_us, 60, 1, line.last_number, *batch)])
    assert evening.admit() == []

    evening.worker = Drawing()
    evening.turn(OPENS + LATER)

    assert evening.line() == drawn


def test_again_and_again_it_changes_nothing_more(evening: Lost):
    slips = evening.gather()
    evening.turn(OPENS)
    drawn, order, line = evening.line(), evening.order, DrawnLine.objects.get()
    evening.lose()
    evening.back(*slips.values())
    evening.turn(OPENS + LATER)

    moved = drawn_line.remember(evening.slug, order, opened_us=line.opened_us, last_number=line.last_number)

    assert (moved, evening.line()) == (0, drawn)


def test_a_draw_that_was_given_up_comes_back_by_arrival(evening: Lost, monkeypatch: pytest.MonkeyPatch):
    evening = Lost({"chance": "parties", "parties": f"{PARTY.commitment} {PARTY.name}"}, {"recovery_seconds": 0})
    evening.hold(monkeypatch)
    evening.turn(GATHERS)
    slips = {fan: evening.slip(fan) for fan in FANS}
    evening.turn(LAST_ENTRY)
    evening.turn(CLOSES)
    evening.turn(OPENS)
    draw_steps.give_up(evening.room, "the fan club is silent")
    evening.turn(OPENS + LATER)
    evening.lose()
    evening.back(*(slips[fan] for fan in reversed(FANS)))
    assert evening.admit() == []

    evening.turn(OPENS + 2 * LATER)

    assert list(evening.line()) == FANS
    assert evening.look().recovering_s == 0
    configure.remove(evening.slug)


def test_who_signed_in_since_has_the_place_and_the_number_that_goes_with_it(evening: Lost):
    slips = evening.gather()
    evening.turn(OPENS)
    first, second = evening.order[:2]
    run_now([scripts.TAKE_OVER.call(evening.slug, second, "account-7", int(Reason.MERGED), "")])

    found: Any = client().zrange(keys_of(evening.slug).drawn, 0, 2, withscores=True)

    assert [(one.decode(), int(at)) for one, at in found][:2] == list(evening.line().items())[:2]
    assert list(evening.line())[:2] == [first, "account-7"]
    assert len(slips) == 60


def test_ten_thousand_have_their_numbers_back_within_three_seconds(evening: Lost):
    """And no call holds Redis for long: those who come meanwhile are served between two of them."""
    visitors = [f"BBBB{i:012}" for i in range(10_000)]
    for start in range(0, 10_000, 2_000):
        evening.come(visitors[start : start + 2_000])
    last_number = drawn_line.given_out(evening.slug, 0)[1]
    ranks = random.Random(7).sample(visitors, len(visitors))
    began = time.perf_counter()

    moved = drawn_line.remember(evening.slug, ranks, opened_us=microseconds(OPENS), last_number=last_number)
    drawn_line.note(evening.slug, len(ranks), last_number)

    assert time.perf_counter() - began < 3 + BUSY_S
    assert moved == 10_000
    assert list(evening.line()) == ranks


@pytest.mark.parametrize("signs_in", ["gathering", "lined up"])
def test_who_signs_in_with_two_entries_has_the_better_rank_also_after_a_loss(evening: Lost, signs_in: str):
    """A browser that entered, and an account that did: who comes first counts, and the other number is nobody's."""
    slips = evening.gather()
    order = draw_steps.order_of(draw_steps.draw_of(evening.slug))
    rank = {one: i for i, one in enumerate(draw_steps.people_of(draw_steps.draw_of(evening.slug), order))}
    browser, account = sorted(FANS[:2], key=rank.__getitem__)

    def sign_in() -> None:
        admission.take_over([evening.slug], browser, account)
        hand_over(browser, account)

    if signs_in == "gathering":
        sign_in()
    evening.turn(OPENS)
    numbers = evening.line()
    if signs_in == "lined up":
        sign_in()
    best = numbers[account] if signs_in == "gathering" else numbers[browser]
    assert evening.line()[account] == best
    assert browser not in evening.line()
    evening.lose()
    evening.turn(OPENS + LATER)
    for fan in FANS:
        if fan != browser:
            evening.enter(fan, slips[fan])

    assert evening.line()[account] == best
    after = sorted(evening.line(), key=evening.line().__getitem__)
    assert after == [one for one in evening.order if one]
    assert evening.look().recovering_s == 0
    state = draw_state(evening.room)
    assert state is not None
    assert own_entry(state, account).rank == rank[browser] + 1
    assert len(evening.order) == len(FANS)


def test_what_a_draw_left_half_done_does_not_stay_for_ever(evening: Lost):
    evening.gather()
    evening.turn(OPENS)
    drawn = keys_of(evening.slug).drawn

    def expires() -> bool:
        left_s: Any = client().ttl(drawn)
        return bool(0 < left_s <= scripts.SHARED["KEPT_MS"] / 1000)

    client().delete(drawn)
    (call, *_) = drawn_line.draw_calls(evening.slug, FANS[:5], opened_us=microseconds(OPENS), seen_ms={})
    run_now([call])
    assert expires()

    admission.take_over([evening.slug], FANS[0], "account-1")
    assert expires()
    client().delete(drawn)
    drawn_line.remember(evening.slug, FANS[:1], opened_us=microseconds(OPENS), last_number=0)
    assert expires()
    admission.take_over([evening.slug], FANS[0], "account-2")  # the only one
    assert expires()
