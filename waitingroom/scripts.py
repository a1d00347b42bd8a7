"""The Lua verbs: each file of lua/ is a script named by its stem, behind the prelude and what it shares with Python."""

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from waitingroom import estimates, rates, reasons, slips, stays, timing, work
from waitingroom.keys import keys_of
from waitingroom.reasons import Reason

FOLDER = Path(__file__).parent / "lua"
# What Lua and Python must agree on is written in Python alone.
SHARED: dict[str, float] = {
    **{reason.name: int(reason) for reason in Reason},
    "REASONS": reasons.REASONS,
    "KEPT_MS": 1000 * slips.KEPT_SECONDS,
    "MAX_GONE": reasons.MAX_GONE,
    "BURST_SECONDS": rates.BURST_SECONDS,
    "FLEET_STALE_MS": rates.FLEET_STALE_MS,
    "MAX_ADMITTED": rates.MAX_ADMITTED,
    "BY_HAND_COUNTS": rates.BY_HAND_COUNTS,
    "BY_HAND_MS": rates.BY_HAND_MS,
    "MAX_BY_HAND": rates.MAX_BY_HAND,
    "STAY_RATIO": stays.STAY_RATIO,
    "STAY_CLASSES": stays.STAY_CLASSES,
    "STAYS_KEPT": stays.STAYS_KEPT,
    "TURNOVERS_KEPT": stays.TURNOVERS_KEPT,
    "NEXT_SALE_MS": stays.NEXT_SALE_MS,
    "LAST_SALE_LEAVERS": stays.LAST_SALE_LEAVERS,
    "AGES": stays.AGES,
    "LINE_PARTS": estimates.LINE_PARTS,
    "SILENCE_MS": timing.SILENCE_MS,
    "HUB_TICK_MS": timing.HUB_TICK_MS,
    "RELEASE_GONE_MS": timing.RELEASE_GONE_MS,
    "RETURN_MS": timing.RETURN_MS,
    "NEAR": timing.NEAR,
    "RING_AGAIN_MS": timing.RING_AGAIN_MS,
    "SAMPLES_KEPT_MS": timing.SAMPLES_KEPT_MS,
    "MAX_SAMPLES": timing.MAX_SAMPLES,
    "CALLING_MS": timing.CALLING_MS,
    "LINING_UP_MS": timing.LINING_UP_MS,
    "GATHERED_US": timing.GATHERED_US,
    "RECORD_LIFE_MS": timing.RECORD_LIFE_MS,
    "MAX_RECORDED": timing.MAX_RECORDED,
    "WORK_LIFE_MS": 1000 * work.LIFE_SECONDS,
    "SPENT_MS": work.SPENT_MS,
    "MAX_SPENT": work.MAX_SPENT,
}
# Not verbs themselves, but in front of each.
PARTS = ("prelude", "returning", "marks")
# What a setting is, as text, that the release did not know which wrote the others: a new room's.
DEFAULTS = {
    "mode": "automatic",
    "threshold": "1000",
    "threshold_per_instance": "0",
    "users_per_minute_per_instance": "500",
    "presence_ms": "30000",
    "grace_ms": "300000",
    "claim_ms": "60000",
    "idle_ms": "600000",
    "longest_stay_ms": "0",
    "closed_reason": "",
    "announcement": "",
    "fleet_weight": "1",
    "fleet_floor": "0",
    "lost_epochs": "",
    "minimum_instances": "2",
    "gathers_us": "0",
    "opens_us": "0",
    "opening_order": "arrival",
    "lined_up": "",
}
PRELUDE = "".join(
    [f"local {name} = {value}\n" for name, value in SHARED.items()]
    + ["local DEFAULTS = {", *(f"{name} = '{value}', " for name, value in DEFAULTS.items()), "}\n"]
    + [(FOLDER / f"{part}.lua").read_text() for part in PARTS]
)


@dataclass(frozen=True)
class Script:
    """One verb: its source with the prelude in front, its SHA-1 as Redis names it, and its keys by name."""

    name: str
    source: str
    key_names: tuple[str, ...]

    @cached_property
    def sha(self) -> str:
        """The name under which Redis knows the loaded script."""
        return hashlib.sha1(self.source.encode(), usedforsecurity=False).hexdigest()

    def call(self, room: str, *args: str | int) -> "Call":
        """This verb on `room`, ready to be sent."""
        keys = keys_of(room)
        names = [getattr(keys, name) for name in self.key_names]
        return Call(self, ("EVALSHA", self.sha, len(names), *names, *args))


@dataclass(frozen=True, slots=True)
class Call:
    """A script with its keys and arguments, as one Redis command."""

    script: Script
    command: tuple[str | int, ...]


def load(name: str) -> Script:
    """The script of lua/<name>.lua, its keys read from its head's KEYS line."""
    body = (FOLDER / f"{name}.lua").read_text()
    head = re.search(r"^-- KEYS +([a-z, ]+)$", body, re.MULTILINE)
    if head is None:
        raise ValueError(f"lua/{name}.lua has no KEYS line in its head")
    return Script(name, PRELUDE + body, tuple(head[1].split(", ")))


ENTER = load("enter")
LOOK = load("look")
LEAVE = load("leave")
KEEP = load("keep")
ADMIT = load("admit")
EXPIRE = load("expire")
ABSENT = load("absent")
TAKE_OVER = load("take_over")
TAKE_BACK = load("take_back")
DRAW = load("draw")
LINE_UP = load("line_up")
REMEMBER = load("remember")
CONFIGURE = load("configure")
RECOVERED = load("recovered")
FLEET = load("fleet")
SURVEY = load("survey")
ALIVE = load("alive")
NOW = load("now")
SUBSCRIBE = load("subscribe")
RING = load("ring")
RUNG = load("rung")
SAMPLE = load("sample")
REFUSED = load("refused")
PROMISE = load("promise")
RECALL = load("recall")
DISCARD = load("discard")
EVERY = (
    ENTER,
    LOOK,
    LEAVE,
    KEEP,
    ADMIT,
    EXPIRE,
    ABSENT,
    TAKE_OVER,
    TAKE_BACK,
    DRAW,
    LINE_UP,
    REMEMBER,
    CONFIGURE,
    RECOVERED,
    FLEET,
    SURVEY,
    ALIVE,
    NOW,
    SUBSCRIBE,
    RING,
    RUNG,
    SAMPLE,
    REFUSED,
    PROMISE,
    RECALL,
    DISCARD,
)
