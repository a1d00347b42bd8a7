"""What visitors do besides waiting: who reloads, who opens a second tab, who drops out, who never comes back."""

import random
from dataclasses import dataclass
from enum import StrEnum


class Act(StrEnum):
    """One thing that a waiting visitor may do."""

    REFRESH = "refresh"
    SECOND_TAB = "second tab"
    DROP = "drop"
    VANISH = "vanish"


@dataclass(frozen=True, slots=True)
class Habits:
    """The share of visitors who do each thing, 0 to 1, and how long they stay inside, seconds."""

    refresh: float = 0.1
    second_tab: float = 0.05
    drop: float = 0.05
    vanish: float = 0.02
    stay: float = 10.0
    stays_vary: bool = False

    def plan(self, chance: random.Random) -> "Plan":
        """One visitor's intentions."""
        shares = {
            Act.REFRESH: self.refresh,
            Act.SECOND_TAB: self.second_tab,
            Act.DROP: self.drop,
            Act.VANISH: self.vanish,
        }
        acts = sorted((chance.random(), act) for act, share in shares.items() if chance.random() < share)
        stay = chance.expovariate(1 / self.stay) if self.stays_vary and self.stay else self.stay
        return Plan(tuple(acts), stay)


@dataclass(frozen=True, slots=True)
class Plan:
    """`acts`: (when, as a share of the wait foretold first; what)."""

    acts: tuple[tuple[float, Act], ...]
    stay: float
