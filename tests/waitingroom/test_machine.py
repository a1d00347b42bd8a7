"""Any verbs at any instants: the line in Redis does what its model says, and Hypothesis looks for a way it does not."""

import uuid
from copy import deepcopy

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.waitingroom.line import NOON, Line
from tests.waitingroom.model import SETTINGS, Model
from waitingroom.epochs import MAX_LOST
from waitingroom.fleet_share import FleetShare
from waitingroom.place import Phase
from waitingroom.reasons import REASONS, Reason
from waitingroom.redis import client
from waitingroom.slips import WAITING, Slip

VISITORS = [f"visitor-{i}" for i in range(9)]
visitor = st.sampled_from(VISITORS)
some_visitors = st.lists(visitor, unique=True)
seconds = st.one_of(
    st.sampled_from([0.001, 0.9, 1.0, 1.25, 3.0, 5.0]), st.integers(0, 30_000).map(lambda ms: ms / 1000)
)
ticker = st.sampled_from(["clock", "clock", "hub"])
# The calm modes more often: in the others little happens.
mode = st.sampled_from(["automatic"] * 4 + ["always"] * 4 + ["off", "paused", "draining", "closed"])


class LineMachine(RuleBasedStateMachine):
    """One room, a handful of visitors, staff, clocks."""

    @initialize(mode=st.sampled_from(["automatic", "always"]), threshold=st.integers(1, 5))
    def the_room_opens(self, mode: str, threshold: int) -> None:
        self.model = Model(NOON, mode, threshold)
        self.line = Line(
            f"machine-{uuid.uuid4().hex[:12]}",
            mode=mode,
            threshold=threshold,
            users_per_minute_per_instance=self.model.per_minute,
            presence_seconds=30,
            grace_seconds=60,
            claim_seconds=20,
            idle_seconds=40,
            longest_stay_seconds=100,
        )
        self.model.epoch = self.line.settings.epoch
        self.copy: tuple[Model, dict[str, bytes | None]] | None = None  # what a replica has
        self.held: dict[str, Slip] = {}  # each visitor's cookie ...
        self.kept: dict[str, list[Slip]] = {one: [] for one in VISITORS}  # ... and every one there ever was
        self.numbers: list[int] = []
        self.highest_active = threshold
        for one in VISITORS[:4]:
            self.enters(one, True)

    def teardown(self) -> None:
        if hasattr(self, "line"):
            self.line.remove()

    @rule(passed=seconds)
    def time_passes(self, passed: float) -> None:
        self.line.pass_s(passed)
        self.model.now = self.line.now_us

    @rule(passed=st.integers(1, 40), looking=some_visitors)
    def seconds_pass_with_the_clock_ticking(self, passed: int, looking: list[str]) -> None:
        for _ in range(passed):
            self.time_passes(1)
            self.looks(looking)
            self.expires("clock")
            self.admits("clock")

    @rule(looking=some_visitors)
    def all_but_some_go_absent(self, looking: list[str]) -> None:
        self.sockets_close([one for one in VISITORS if one not in looking], 0)
        self.seconds_pass_with_the_clock_ticking(2, looking)

    @rule(passed=st.sampled_from([11, 25, 100, 1000]))
    def the_whole_site_is_away(self, passed: int) -> None:
        self.time_passes(passed)
        self.expires("hub")
        self.admits("hub")

    @rule(joining=st.permutations(VISITORS))
    def everybody_comes(self, joining: list[str]) -> None:
        for one in joining:
            self.enters(one, True)

    @rule(visitor=visitor, joins=st.booleans())
    def enters(self, visitor: str, joins: bool) -> None:
        self.enters_with(visitor, joins, self.held.get(visitor))

    @rule(visitor=visitor, nth=st.integers(0, 50), joins=st.booleans())
    def enters_with_an_old_slip(self, visitor: str, nth: int, joins: bool) -> None:
        kept = self.kept[visitor]
        self.enters_with(visitor, joins, kept[nth % len(kept)] if kept else None)

    @rule(visitors=some_visitors)
    def sockets_ask_for_places_that_redis_forgot(self, visitors: list[str]) -> None:
        slips = [self.held[one] for one in visitors if one in self.held]
        assert self.line.take_back(*slips) == [self.model.take_back(slip) for slip in slips]

    @rule()
    def redis_loses_everything(self) -> None:
        self.time_passes(0.002)
        self.line.lose()
        self.model.lose(self.line.settings.epoch)

    @rule(returning=st.permutations(VISITORS))
    def redis_loses_everything_and_everybody_comes_back(self, returning: list[str]) -> None:
        slips = {one: slip.queue_number for one, slip in self.held.items() if slip.kind == WAITING}
        before = [one for one in self.model.in_order() if self.model.line[one] == slips.get(one)]
        self.redis_loses_everything()
        for one in returning:
            self.enters(one, False)

        assert [one for one in self.model.in_order() if one in before] == ([] if self.model.mode == "off" else before)

    @rule()
    def a_replica_copies(self) -> None:
        self.copy = (deepcopy(self.model), self.line.copy())

    @precondition(lambda self: self.copy is not None)
    @rule()
    def the_replica_takes_over_without_the_last_writes(self) -> None:
        assert self.copy is not None
        model, replica = self.copy
        self.time_passes(0.002)
        kept = {name: getattr(self.model, name) for name in SETTINGS}
        if self.model.epoch != model.epoch:
            kept["epoch"], kept["lost"] = "", (self.model.epoch, *self.model.lost)[:MAX_LOST]
        else:
            kept["lost_at"] = model.lost_at
        self.model = deepcopy(model)
        self.model.now = self.line.now_us
        self.line.fail_over(replica)
        if not kept["epoch"]:
            kept["epoch"], kept["lost_at"] = self.line.settings.epoch, self.line.now_us
        for name, value in kept.items():
            setattr(self.model, name, value)
        self.highest_active = max(self.highest_active, len(self.model.inside))

    def enters_with(self, visitor: str, joins: bool, slip: Slip | None) -> None:
        known = visitor in self.model.line
        place = self.line.enter(visitor, slip) if joins else self.line.knock(visitor, slip)
        if place.phase is Phase.ELSEWHERE:  # the slip is from a page before another's; nothing changes
            assert visitor in self.model.inside
            assert slip in (None, *self.kept[visitor])
            return
        expected = self.model.enter(visitor, joins=joins, slip=slip)
        known = known or (slip is not None and self.model.line.get(visitor) == slip.queue_number)
        if due := self.line.due_slip(place, visitor, slip):
            self.held[visitor] = due
            self.kept[visitor].append(due)

        assert place.phase is expected
        if expected is Phase.WAITING:
            assert place.queue_number == self.model.line[visitor]
            assert place.position == self.model.position(visitor)
            assert place.total == len(self.model.line)
            if not known:
                assert place.queue_number > max(self.numbers, default=0)
                self.numbers.append(place.queue_number)
        if expected is Phase.ACTIVE:
            assert place.expires_ms == self.model.inside[visitor] // 1000

    @rule(visitor=visitor)
    def a_browser_comes_without_a_cookie(self, visitor: str) -> None:
        known = self.model.line.keys() | self.model.inside.keys() | self.model.gone.keys()
        if visitor in known or self.kept[visitor]:
            return  # a name drawn this moment is nobody's
        expected = self.model.enter(visitor, joins=True, is_new=True)
        place = self.line.come(visitor)
        if due := self.line.due_slip(place, visitor):
            self.held[visitor] = due
            self.kept[visitor].append(due)

        assert place.phase is expected
        if expected is Phase.WAITING:
            assert place.queue_number == self.model.line[visitor]
            self.numbers.append(place.queue_number)

    @rule(visitors=some_visitors)
    def looks(self, visitors: list[str]) -> None:
        self.model.look(visitors)
        snapshot = self.line.look(*visitors)

        assert snapshot.total == len(self.model.line)
        for one, place in zip(visitors, snapshot.places, strict=True):
            if one in self.model.line:
                assert place.position == self.model.position(one)
                assert place.missed == (self.model.missed.get(one) == self.model.line[one])
            elif one in self.model.inside:
                assert (place.phase, place.unclaimed) == (Phase.ACTIVE, one in self.model.claims)
                assert place.expires_ms == self.model.inside[one] // 1000
            else:
                assert place.reason is self.model.gone.get(one, (0, None))[1]

    @rule(visitors=some_visitors, allowance=st.sampled_from([0, 5_000]))
    def sockets_close(self, visitors: list[str], allowance: int) -> None:
        self.model.absent(visitors, 1000 * allowance)
        self.line.absent(*visitors, return_ms=allowance)

    @rule(visitor=visitor, reason=st.sampled_from([Reason.LEFT, Reason.PAID, Reason.DROPPED]))
    def leaves(self, visitor: str, reason: Reason) -> None:
        assert self.line.leave(visitor, reason) == self.model.leave(visitor, reason)

    @rule(visitor=visitor, seconds=st.sampled_from([0, 0, 30, 60, 300]))
    def holds_seats_or_gives_them_back(self, visitor: str, seconds: int) -> None:
        self.model.keep(visitor, 1_000_000 * seconds)
        assert self.line.keep(visitor, 1000 * seconds) == self.model.inside.get(visitor, 0) // 1000

    @rule(one=visitor, other=visitor)
    def signs_in(self, one: str, other: str) -> None:
        self.model.take_over(one, other)
        self.line.take_over(one, other)

    @precondition(lambda self: self.model.line)
    @rule(nth=st.integers(0, 8), other=visitor, looking=some_visitors)
    def somebody_signs_in_while_waiting(self, nth: int, other: str, looking: list[str]) -> None:
        waiting = self.model.in_order()
        self.signs_in(waiting[nth % len(waiting)], other)
        self.seconds_pass_with_the_clock_ticking(1, looking)

    @precondition(lambda self: self.model.inside)
    @rule(nth=st.integers(0, 5), newcomer=visitor)
    def a_place_falls_free_and_somebody_comes_in_the_same_moment(self, nth: int, newcomer: str) -> None:
        inside = sorted(self.model.inside)
        self.leaves(inside[nth % len(inside)], Reason.PAID)
        self.enters(newcomer, True)

    @rule(ticker=ticker)
    def expires(self, ticker: str) -> None:
        self.model.expire(ticker)
        self.line.expire(idle_ms=0 if ticker == "clock" else 3000)

    @rule(ticker=ticker)
    def admits(self, ticker: str) -> None:
        fewest, most = self.model.admissible(ticker)
        admitted = self.line.admit(ticker=ticker, idle_ms=0 if ticker == "clock" else 3000)

        assert admitted in (fewest, most)
        if self.model.ticked == (self.model.now, ticker):
            self.model.admit(admitted)

    @rule(count=st.integers(1, 5))
    def an_operator_admits(self, count: int) -> None:
        expected = self.model.by_operator(count)
        assert self.line.admit(count=count, ticker="operator") == expected
        self.model.let_in(expected)

    @rule(mode=mode)
    def staff_change_the_mode(self, mode: str) -> None:
        self.model.mode = mode
        self.line.configure(mode=mode)

    @rule(threshold=st.integers(1, 6))
    def staff_change_the_threshold(self, threshold: int) -> None:
        self.model.threshold = threshold
        self.line.configure(threshold=threshold)

    @rule(per_minute=st.sampled_from([1, 25, 60, 60, 90, 600]))
    def staff_change_the_rate(self, per_minute: int) -> None:
        self.model.per_minute = per_minute
        self.line.configure(users_per_minute_per_instance=per_minute)

    @rule(servers=st.sampled_from([0, 1, 2, 3, 7]))
    def the_fleet_changes(self, servers: int) -> None:
        self.model.told_servers = (servers, self.model.now)
        self.line.fleet(FleetShare(in_service=servers))

    @precondition(lambda self: self.model.line)
    @rule()
    def the_head_is_admitted_within_two_seconds_if_it_can_be(self) -> None:
        """Liveness: a vacancy, a rate and somebody present."""
        self.looks(VISITORS)
        able = (
            not self.model.recovers()
            and self.model.mode in ("automatic", "always", "draining")
            and self.model.servers() * self.model.per_minute >= 60
        )
        vacancy = len(self.model.inside) < self.model.threshold
        head = self.model.in_order()[0]
        self.seconds_pass_with_the_clock_ticking(2, VISITORS)
        if able and vacancy:
            assert head not in self.line.scores("queue")

    @invariant()
    def it_stands_in_redis_as_in_the_model(self) -> None:
        model, keys = self.model, self.line.keys
        with client().pipeline() as pipeline:
            for name in ("queue", "seen", "strangers", "active", "present", "claims", "missed"):
                pipeline.zrange(getattr(keys, name), 0, -1, withscores=True)
            pipeline.hmget(keys.state, ["joined", "admitted", "gone", "straight_in"])
            queue, seen, strangers, active, present, claims, missed, counts = pipeline.execute()

        def scores(rows: list[tuple[bytes, float]]) -> dict[str, int]:
            return {one.decode(): int(score) for one, score in rows}

        note(f"{model}")
        assert scores(queue) == model.line
        assert scores(active) == {one: expiry // 1000 for one, expiry in model.inside.items()}
        assert scores(seen) == {one: at // 1000 for one, at in model.seen.items()}
        assert scores(strangers) == {one: at // 1000 for one, at in model.strangers.items()}
        assert scores(claims) == model.claims
        assert scores(missed) == model.missed
        assert scores(present).items() <= model.line.items()
        assert {one for one in model.line if model.present(one)} <= scores(present).keys()
        joined, admitted, gone, straight_in = (int(count or 0) for count in counts)
        assert (joined, admitted, gone, straight_in) == (model.joined, model.admitted, model.left, model.straight_in)
        assert joined == len(queue) + admitted + gone
        assert not model.line.keys() & model.inside.keys()
        assert self.line.scores("gone") == {one: ms * REASONS + why for one, (ms, why) in model.gone.items()}

    @invariant()
    def no_more_are_inside_than_the_threshold_ever_allowed(self) -> None:
        """Capacity: a threshold lowered sends nobody out; a room switched off counts nobody."""
        active = len(self.model.inside)
        # Who was inside when Redis lost everything comes back inside.
        if self.model.mode != "off" and not self.model.recovers():
            assert active <= max(self.highest_active, self.model.threshold)
        self.highest_active = max(active, self.model.threshold)


def test_the_line_does_what_its_model_says():
    run_state_machine_as_test(
        LineMachine,
        settings=settings(
            max_examples=120,
            stateful_step_count=60,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
