"""The line and the room of a simulated sale: one visitor after the other, first in first out."""

from collections import Counter, deque

from scaling.simulator.scenario import Chance, Scenario
from waitingroom import rates


class SimulatedRoom:
    """A waiting room that steps by a second; the admission arithmetic is the waiting room's own."""

    def __init__(self, scenario: Scenario, chance: Chance) -> None:
        self._scenario = scenario
        self._chance = chance
        self._line: deque[int] = deque()  # visitors by number, some of whom gave up
        self._joined_at: list[int] = []
        self._gave_up: set[int] = set()
        self._give_up_at: dict[int, list[int]] = {}
        self._leave_at: Counter[int] = Counter()
        self._stayed: Counter[int] = Counter()  # by the second they leave, in sum
        self._left: deque[tuple[int, int]] = deque(maxlen=60)  # (visitors, seconds they stayed in sum), by second
        self._tokens = 0.0
        self.arrived = self.active = self.waiting = self.left = self.abandoned = 0
        self.waits_s: list[int] = []  # of everybody who came in, 0 for those who went straight in

    def step(self, now: int, arrivals: int, in_service: float) -> int:
        """One second: some leave, some give up, some arrive, the head of the line enters; returns how many entered."""
        leaving = self._leave_at.pop(now, 0)
        self.active -= leaving
        self.left += leaving
        self._left.append((leaving, self._stayed.pop(now, 0)))
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
        return sum(visitors for visitors, _ in self._left)

    @property
    def mean_stay_s(self) -> float:
        """How long those had stayed; 0 of nobody."""
        left = self.departures_per_minute
        return sum(stayed for _, stayed in self._left) / left if left else 0.0

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
        while self._line and self._line[0] in self._gave_up:
            self._line.popleft()

    def _admit(self, now: int) -> None:
        number = self._line.popleft()
        while number in self._gave_up:
            number = self._line.popleft()
        self.waiting -= 1
        self._tokens -= 1
        self._enter(now, waited_s=now - self._joined_at[number])

    def _enter(self, now: int, *, waited_s: int) -> None:
        self.active += 1
        self.waits_s.append(waited_s)
        stay = max(1, round(self._chance.stay_s()))
        self._leave_at[now + stay] += 1
        self._stayed[now + stay] += stay
