"""The line and the room of a simulated sale: one visitor after the other, first in first out."""

from collections import deque

from scaling.simulator.scenario import Chance, Scenario
from waitingroom import rates
from waitingroom.estimates import Pace
from waitingroom.stays import AGES, Stays, StayTable, prior_s

# A room's defaults.
CLAIM_S, IDLE_S = 60.0, 600.0


class SimulatedRoom:
    """A waiting room that steps by a second; the admission arithmetic is the waiting room's own."""

    def __init__(self, scenario: Scenario, chance: Chance) -> None:
        self._scenario = scenario
        self._chance = chance
        self._line: deque[int] = deque()  # visitors by number, some of whom gave up
        self._joined_at: list[int] = []
        self._gave_up: set[int] = set()
        self._give_up_at: dict[int, list[int]] = {}
        self._since: dict[int, list[int]] = {}  # since when those inside are, by the second they will leave
        self._departures: deque[int] = deque(maxlen=60)  # by second
        self._stays = StayTable()
        self._now = 0
        self._tokens = 0.0
        self.arrived = self.active = self.waiting = self.left = self.abandoned = 0
        self.waits_s: list[int] = []  # of everybody who came in, 0 for those who went straight in
        self.gave_up_after_s: list[int] = []
        self.entered_at: dict[int, int] = {}  # number -> second, of those who waited

    def step(self, now: int, arrivals: int, in_service: float) -> int:
        """One second: some leave, some give up, some arrive, the head of the line enters; returns how many entered."""
        self._now = now
        leaving = self._since.pop(now, [])
        self.active -= len(leaving)
        self.left += len(leaving)
        self._departures.append(len(leaving))
        if leaving:
            self._stays.note(now * 1000, [(now - since) * 1000 for since in leaving], self.active)
        self._give_up(now)
        self.arrived += arrivals
        entered = len(self.waits_s)
        threshold = self._scenario.threshold_for(in_service)
        for _ in range(arrivals):
            if not self.waiting and self.active < threshold:
                self._enter(now, waited_s=0)
            else:
                self._join(now)
        rate = rates.per_second(in_service, self._scenario.users_per_minute_per_instance)
        self._tokens = rates.grown(self._tokens, 1, rate)
        for _ in range(min(self.waiting, rates.admissible(self._tokens, threshold - self.active))):
            self._admit(now)
        return len(self.waits_s) - entered

    @property
    def departures_per_minute(self) -> int:
        """How many left the room in the last minute."""
        return sum(self._departures)

    @property
    def mean_stay_s(self) -> float:
        """How long people stay, as far as is known; 0 before anybody left."""
        return self.stays(self._now).mean_s

    def stays(self, now: int) -> Stays:
        """What is known at second `now` of how long people stay, as the scripts sample it."""
        ages = sorted(now - since for those in self._since.values() for since in those)
        count = min(AGES, len(ages))
        return Stays(
            prior_s=prior_s(CLAIM_S, IDLE_S),
            leavers=self._stays.leavers,
            weight=self._stays.weight,
            inside=self.active,
            ages_s=[ages[int((i + 0.5) * len(ages) / count)] for i in range(count)],
        )

    def pace(self, now: int, in_service: float, boots: tuple[tuple[float, float], ...]) -> Pace:
        """What an estimate is made from at second `now`, with the (instances, seconds until ready) to come."""
        scenario = self._scenario
        return Pace(
            users_per_minute_per_instance=scenario.users_per_minute_per_instance,
            in_service=in_service,
            boots=boots,
            active=self.active,
            threshold=scenario.threshold_for(in_service),
            threshold_per_instance=scenario.threshold_per_instance,
            stays=self.stays(now),
            departed=self.departures_per_minute,
            total=self.waiting,
        )

    def places(self) -> dict[int, int]:
        """Number -> position of those who wait, in order."""
        waiting = (number for number in self._line if number not in self._gave_up)
        return {number: position for position, number in enumerate(waiting, start=1)}

    def unserved_s(self, now: int) -> list[int]:
        """How long those who still wait at second `now` have waited so far."""
        return [now - self._joined_at[number] for number in self.places()]

    def _join(self, now: int) -> None:
        number = len(self._joined_at)
        self._joined_at.append(now)
        self._line.append(number)
        self.waiting += 1
        patience = self._chance.patience_s()
        if patience is not None:
            self._give_up_at.setdefault(now + 1 + int(patience), []).append(number)

    def _give_up(self, now: int) -> None:
        for number in self._give_up_at.pop(now, []):
            if self._line and number >= self._line[0]:
                self._gave_up.add(number)
                self.waiting -= 1
                self.abandoned += 1
                self.gave_up_after_s.append(now - self._joined_at[number])
        while self._line and self._line[0] in self._gave_up:
            self._line.popleft()

    def _admit(self, now: int) -> None:
        number = self._line.popleft()
        while number in self._gave_up:
            number = self._line.popleft()
        self.waiting -= 1
        self._tokens -= 1
        self.entered_at[number] = now
        self._enter(now, waited_s=now - self._joined_at[number])

    def _enter(self, now: int, *, waited_s: int) -> None:
        self.active += 1
        self.waits_s.append(waited_s)
        stay = max(1, round(self._chance.stay_s()))
        self._since.setdefault(now + stay, []).append(now)
