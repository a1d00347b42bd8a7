"""What can be said to `manage.py simulate` of the sale and the fleet, each a field of the scenario."""

from typing import Any

# Options that set a field of the scenario: name -> (field, least, most, help).
FIELDS = {
    "threshold": ("threshold", 1, 1_000_000, "most visitors inside, whatever the fleet"),
    "threshold-per-instance": (
        "threshold_per_instance",
        0,
        1_000_000,
        "visitors inside for each instance",
    ),
    "users-per-minute": ("users_per_minute_per_instance", 1, 1_000_000, "admissions a minute for each instance"),
    "capacity-per-instance": (
        "capacity_per_instance",
        1,
        1_000_000,
        "visitors inside that fill an instance's processor",
    ),
    "boot": ("boot_s", 0, 3600, "seconds an instance boots, the median"),
    "boot-p90": ("boot_p90_s", 0, 7200, "the 90th percentile of the boot; boots then vary"),
    "failing": ("boots_that_fail", 0, 1000, "instances ordered first that never come"),
    "ramp": ("ramp_s", 0, 600, "seconds until a new instance counts whole"),
    "stay": ("stay_s", 1, 86_400, "seconds a visitor stays inside"),
    "patience": ("patience_s", 1, 86_400, "mean seconds until a waiting visitor gives up"),
    "minimum": ("minimum", 1, 1000, "fewest instances"),
    "maximum": ("maximum", 1, 1000, "most instances"),
    "target-wait": ("target_wait_s", 60, 86_400, "seconds the law keeps the last in line to"),
    "prewarmed": ("prewarmed", 1, 1000, "instances kept around the opening"),
    "lead": ("prewarm_lead_s", 0, 86_400, "seconds ahead of the opening they are ordered"),
    "seed": ("seed", 0, 2**31, "of everything that varies"),
}

ROOM_HELP = (
    "one room of several that share the fleet, repeat for each: --room rock visitors=1000 arrive_in=20 at=0 stay=60 "
    "threshold_per_instance=250 (also half_life, patience, threshold, fleet_weight, fleet_floor, "
    "users_per_minute_per_instance, capacity_per_instance); what is not said is as the other options say"
)


def given(options: dict[str, Any]) -> dict[str, Any]:
    """The fields that were said. A threshold alone is fixed: it does not follow the fleet."""
    found = {
        field: value for name, (field, *_) in FIELDS.items() if (value := options[name.replace("-", "_")]) is not None
    }
    if "threshold" in found:
        found.setdefault("threshold_per_instance", 0)
    for name in ("stays_vary", "loads_vary"):
        if options[name]:
            found[name] = True
    return found
