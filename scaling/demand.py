"""Pure: how much of the fleet a room could use in the second to come."""

from math import inf

from scaling.room_observation import RoomObservation
from scaling.shares import Claim

# Room for so many more, or for this part of those inside, to come straight in before the next reckoning.
FEWEST_NEWCOMERS, NEWCOMERS_PART = 5, 0.1
# A room kept by a fixed threshold enters as fast as others leave; a burst of leavers is let in as fast.
TURNOVER_MARGIN = 1.25
# A share for one person inside, whatever the weights: with less of it a line would never move. A little more, as shares
# are rounded.
ONE = 1.000_001


def claim(room: RoomObservation) -> Claim:
    """The room's claim on the fleet."""
    per_instance = room.threshold_per_instance
    first = FEWEST_NEWCOMERS / per_instance if per_instance and room.takes_newcomers else 0.0
    floor = max(room.floor, ONE / per_instance) if per_instance else room.floor
    return Claim(room.slug, demand(room), room.weight, floor, first)


def demand(room: RoomObservation) -> float:
    """Instances the room could use: for those inside, and to let in at once those present and those who keep coming."""
    if not room.waiting and not room.active:
        return 0.0
    per_second = room.users_per_minute / 60
    entering = 0.0
    if room.lets_in:
        entering = room.present + room.arrivals_per_minute / 60
    if room.threshold_per_instance:
        newcomers = max(FEWEST_NEWCOMERS, NEWCOMERS_PART * room.active) if room.takes_newcomers else 0.0
        inside = (room.active + entering + newcomers) / room.threshold_per_instance
        return max(inside, entering / per_second)
    turnover = TURNOVER_MARGIN * max(room.departures_per_minute / 60, 1.0)
    usable = min(entering, max(0.0, room.threshold - room.active) + turnover)
    return max(usable, room.departures_per_minute / 60, 1e-9) / per_second if per_second else inf
