"""Rooms described in words, as operators type them: a name and settings, each name=value."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from scaling.simulator.arrivals import evenly, rush
from scaling.simulator.scenario import Sale


class BadRoom(ValueError):
    """The description makes no sense; says which word."""


# What can be said of the crowd, and of the room by its settings' names: name -> (least, most, field of Sale).
CROWD = {"visitors": (1, 1_000_000), "at": (-86_400, 86_400), "arrive_in": (1, 86_400), "half_life": (1, 3600)}
SETTINGS = {
    "stay": (1, 86_400, "stay_s"),
    "patience": (1, 86_400, "patience_s"),
    "threshold": (1, 1_000_000, "threshold"),
    "threshold_per_instance": (0, 1_000_000, "threshold_per_instance"),
    "users_per_minute_per_instance": (1, 1_000_000, "users_per_minute_per_instance"),
    "fleet_weight": (1, 1000, "weight"),
    "fleet_floor": (0, 1000, "floor"),
    "capacity_per_instance": (1, 1_000_000, "capacity_per_instance"),
}
ARRIVE_IN_S = 60


def described(words: Sequence[str], opens_s: int, like: Sale) -> Sale:
    """The room of `SLUG visitors=N [name=value ...]`; what is not said is as in `like`. Raises BadRoom.

    The crowd comes evenly within `arrive_in` seconds (60) from `at` seconds after the opening (0) on, or in a rush that
    halves every `half_life` seconds. A `threshold` alone is fixed: it does not follow the fleet.
    """
    slug, *said = words
    if "=" in slug:
        raise BadRoom(f"a room's name first, please, then name=value, not {slug!r}")
    values: dict[str, int] = {}
    for word in said:
        name, _, text = word.partition("=")
        bounds = CROWD.get(name) or SETTINGS.get(name)
        if bounds is None:
            raise BadRoom(f"{slug}: {name!r} is none of {', '.join([*CROWD, *SETTINGS])}")
        values[name] = _number(f"{slug}: {name}", text, *bounds[:2])
    if "visitors" not in values:
        raise BadRoom(f"{slug}: say how many come: visitors=1000")
    if "threshold" in values:
        values.setdefault("threshold_per_instance", 0)
    begins = opens_s + values.get("at", 0)
    if begins < 0:
        raise BadRoom(f"{slug}: at={values['at']} is before the simulation begins, {opens_s} s before the opening")
    if "half_life" in values:
        arrivals = rush(values["visitors"], begins, values["half_life"])
    else:
        arrivals = evenly(values["visitors"], begins, begins + values.get("arrive_in", ARRIVE_IN_S))
    settings: dict[str, Any] = {SETTINGS[name][2]: value for name, value in values.items() if name in SETTINGS}
    return replace(like, slug=slug, arrivals=arrivals, **settings)


def _number(name: str, text: str, least: int, most: int) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and least <= int(text) <= most):
        raise BadRoom(f"{name} is a whole number from {least:,} to {most:,}, not {text!r}")
    return int(text)
