"""The line and the room of a simulated sale: one visitor after the other, first in first out."""

from collections import deque
from dataclasses import dataclass
from heapq import heappop, heappush

from scaling.law import BIN_S, BINS, arrivals_per_minute
from scaling.room_observation import RoomObservation
from scaling.simulator.chance import Visitors
from scaling.simulator.scenario import Sale
from waitingroom import rates
from waitingroom.estimates import Pace
from waitingroom.stays import AGES, Stays, StayTable, prior_s

# A room's defaults.
CLAIM_S, IDLE_S = 60.0, 600.0


@dataclass(frozen=True, slots=True)
class RoomMoment:
    """One room at the end of one second."""

    share: float  # the instances that it counted on
    arrived: int
    straight_in: int  # in this second
    admitted: int  # out of the line, in this second
    waiting: int
    active: int


class SimulatedRoom:
    """A waiting room that steps by a second; the admission arithmetic is the waiting room's own."""

    def __init__(self, sale: Sale, visitors: Visitors) -> None:
        self.sale = sale
        self._visitors = visitors
        self._line: deque[int] = deque()  # visitors by number, some of whom gave up
        self._joined_at: list[int] = []
        self._gave_up: set[int] = set()
        self._give_up_at: dict[int, list[int]] = {}
        self._inside: list[tuple[float, int, float]] = []  # heap: (when they leave, on the servers' clock; since; load)
        self._served_s = 0.0  # the servers' clock: slower than the wall's while they are overloaded
        self._departures: deque[int] = deque(maxlen=60)  # by second
        self._given_up: deque[int] = deque(maxlen=60)  # of those in line, by second
        self._bins: deque[int] = deque([0] * (BINS + 1), maxlen=BINS + 1)  # arrivals; the last one is still filling
        self._stays = StayTable()
        self._now = 0
        self._tokens = 0.0
        self.arrived = self.active = self.waiting = self.left = 0
        self.load = 0.0  # what those inside ask of the servers, in instances
        self.moments: list[RoomMoment] = []
        self.waits_s: list[int] = []  # of everybody who came in, 0 for those who went straight in
        self.gave_up_after_s: list[int] = []
        self.entered_at: dict[int, int] = {}  # number -> second, of those who waited

    def step(self, now: int, in_service: float, speed: float = 1.0) -> None:
        """One second: some leave, some give up, some arrive, the head of the line enters.

        `in_service`: the instances the room may count on. `speed`: below 1 where the servers are overloaded, so that
        everything inside takes longer.
        """
        self._now = now
        self._served_s += speed
        if now % BIN_S == 0:
            self._bins.append(0)
        self._leave(now)
        self._give_up(now)
        arrivals = self.sale.arrivals.get(now, 0)
        self.arrived += arrivals
        self._bins[-1] += arrivals
        threshold = self.sale.threshold_for(in_service)
        straight_in = min(arrivals, max(0, threshold - self.active)) if not self.waiting else 0
        for _ in range(straight_in):
            self._enter(now, waited_s=0)
        for _ in range(arrivals - straight_in):
            self._join(now)
        rate = rates.per_second(in_service, self.sale.users_per_minute_per_instance)
        self._tokens = rates.grown(self._tokens, 1, rate)
        admitted = min(self.waiting, rates.admissible(self._tokens, threshold - self.active))
        for _ in range(admitted):
            self._admit(now)
        self.moments.append(RoomMoment(in_service, self.arrived, straight_in, admitted, self.waiting, self.active))

    @property
    def abandoned(self) -> int:
        """How many gave up."""
        return len(self.gave_up_after_s)

    @property
    def departures_per_minute(self) -> int:
        """How many left the room in the last minute."""
        return sum(self._departures)

    def observed(self, *, mean_stay_s: float = 0.0) -> RoomObservation:
        """What the fleet's decisions see; the stay only where it is asked for, since it costs most of the time."""
        sale = self.sale
        return RoomObservation(
            slug=sale.slug,
            waiting=self.waiting,
            present=self.waiting,
            active=self.active,
            arrivals_per_minute=arrivals_per_minute(list(self._bins)[:BINS]),
            users_per_minute=sale.users_per_minute_per_instance,
            threshold_per_instance=sale.threshold_per_instance,
            threshold=sale.threshold,
            departures_per_minute=self.departures_per_minute,
            mean_stay_s=mean_stay_s,
            weight=sale.weight,
            floor=sale.floor,
        )

    @property
    def mean_stay_s(self) -> float:
        """How long people stay, as far as is known; 0 before anybody left."""
        return self.stays(self._now).mean_s

    def stays(self, now: int) -> Stays:
        """What is known at second `now` of how long people stay, as the scripts sample it."""
        ages = sorted(now - since for _, since, _ in self._inside)
        count = min(AGES, len(ages))
        return Stays(
            prior_s=prior_s(CLAIM_S, IDLE_S),
            leavers=self._stays.leavers,
            weight=self._stays.weight,
            inside=self.active,
            ages_s=[ages[int((i + 0.5) * len(ages) / count)] for i in range(count)],
        )

    def pace(
        self,
        now: int,
        in_service: float,
        boots: tuple[tuple[float, float], ...],
        released: tuple[tuple[float, float], ...] = (),
    ) -> Pace:
        """What an estimate is made from at second `now`, with the (instances, seconds until ready) to come."""
        sale = self.sale
        return Pace(
            users_per_minute_per_instance=sale.users_per_minute_per_instance,
            in_service=in_service,
            boots=boots,
            released=released,
            active=self.active,
            threshold=sale.threshold_for(in_service),
            threshold_per_instance=int(sale.threshold_per_instance),
            stays=self.stays(now),
            departed=self.departures_per_minute,
            total=self.waiting,
            gave_up=sum(self._given_up),
        )

    def places(self) -> dict[int, int]:
        """Number -> position of those who wait, in order."""
        waiting = (number for number in self._line if number not in self._gave_up)
        return {number: position for position, number in enumerate(waiting, start=1)}

    @property
    def still_waiting_s(self) -> list[int]:
        """How long those who wait now have waited so far, the second under way included."""
        return [self._now + 1 - self._joined_at[number] for number in self.places()]

    def _leave(self, now: int) -> None:
        stays_ms: list[float] = []
        while self._inside and self._inside[0][0] <= self._served_s + 1e-9:
            _, since, load = heappop(self._inside)
            stays_ms.append((now - since) * 1000)
            self.load -= load
        self.active -= len(stays_ms)
        self.left += len(stays_ms)
        self._departures.append(len(stays_ms))
        if stays_ms:
            self._stays.note(now * 1000, stays_ms, self.active)

    def _join(self, now: int) -> None:
        number = len(self._joined_at)
        self._joined_at.append(now)
        self._line.append(number)
        self.waiting += 1
        patience = self._visitors.patience_s()
        if patience is not None:
            self._give_up_at.setdefault(now + 1 + int(patience), []).append(number)

    def _give_up(self, now: int) -> None:
        before = self.abandoned
        for number in self._give_up_at.pop(now, []):
            if self._line and number >= self._line[0]:
                self._gave_up.add(number)
                self.waiting -= 1
                self.gave_up_after_s.append(now - self._joined_at[number])
        while self._line and self._line[0] in self._gave_up:
            self._line.popleft()
        self._given_up.append(self.abandoned - before)

    def _admit(self, now: int) -> None:
        number = self._line.popleft()
        while number in self._gave_up:
            number = self._line.popleft()
        self.waiting -= 1
        self._tokens -= 1
        self.entered_at[number] = now
        self._enter(now, waited_s=now - self._joined_at[number])

    def _enter(self, now: int, *, waited_s: int) -> None:
        load = self._visitors.load()
        self.active += 1
        self.load += load
        self.waits_s.append(waited_s)
        heappush(self._inside, (self._served_s + max(1, round(self._visitors.stay_s())), now, load))
