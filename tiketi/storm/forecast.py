"""What storm is to come: how many, how fast, where, and what they are like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tiketi.storm.gathering import Appointment
from tiketi.storm.habits import Habits
from tiketi.storm.site import Site


@dataclass(frozen=True, slots=True)
class Forecast:
    """One storm, before it begins. Times are seconds."""

    site: Site
    slug: str
    visitors: int
    arrive_in: float
    habits: Habits
    timeout: float
    was_patient: bool = True  # the time limit is the storm's own, generous one
    idle_seconds: float = 600.0  # without a page for so long, an active visitor loses the place
    longest_stay_seconds: float = 0.0  # a visit ends after so long; 0: it does not
    look_seconds: float = 0.0  # who is inside loads a page so often; 0: as seldom as keeps the place
    claim_seconds: float = 60.0  # the first page of a visit keeps the place for so long
    appointed: Appointment | None = None  # where visitors gather for an opening
    buyers: Sequence[Mapping[str, str]] | None = None  # where visitors buy: a signed-in account's cookies for each
