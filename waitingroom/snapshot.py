"""A room as one `look` saw it: places, and the pace that estimates are made from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from waitingroom.errors import SettingsMissing
from waitingroom.estimates import NO_STRANGERS, Forecast, Pace, Strangers, boots_in
from waitingroom.place import Place, read_looked, seconds_of


def read_pace(answer: Sequence[Any], now_ms: int) -> Pace:
    """The pace in a script's answer, as the prelude's `pace_of` lists it."""
    per_minute, in_service, boots, active, threshold, per_instance, departed, over_ms = answer
    return Pace(
        users_per_minute_per_instance=float(per_minute),
        in_service=float(in_service),
        boots=boots_in(json.loads(boots), now_ms),
        active=active,
        threshold=int(threshold),
        threshold_per_instance=int(per_instance),
        departed=departed,
        over_s=int(over_ms) / 1000,
    )


@dataclass(frozen=True)
class Snapshot:
    """The places asked for, in the order asked, and the room's pace."""

    mode: str
    total: int
    places: Sequence[Place]
    now_ms: int
    pace: Pace
    closed_reason: Mapping[str, str]  # staff's words by language; empty unless the room is closed, and they gave some
    strangers: Strangers = NO_STRANGERS
    recovering_s: int = 0  # until those who return after a loss are back; 0 where none are awaited

    @classmethod
    def read(cls, answer: list[Any]) -> "Snapshot":
        """The snapshot in look.lua's answer. Raises SettingsMissing."""
        if len(answer) == 1:
            raise SettingsMissing
        mode, total, _places, now, pace, why, strangers, first, recovering_ms = answer
        now_ms = int(now)
        reason = json.loads(why) if why else {}
        return cls(
            mode.decode(),
            total,
            read_looked(answer),
            now_ms,
            read_pace(pace, now_ms),
            reason,
            Strangers(strangers, first, total),
            seconds_of(recovering_ms),
        )

    @cached_property
    def forecast(self) -> Forecast:
        """The curve of admissions to come, drawn once for everybody in this snapshot."""
        return Forecast(self.pace, self.total + 1, self.strangers)

    @cached_property
    def scaling_json(self) -> bytes:
        """`scaling` as JSON, written once for everybody in this snapshot."""
        return json.dumps(self.scaling, separators=(",", ":")).encode()

    @cached_property
    def scaling(self) -> dict[str, int]:
        """What visitors are told about instances: the contract's `scaling` object."""
        return {
            "inService": int(self.pace.in_service),
            "pending": round(sum(instances for instances, _ in self.pace.boots)),
            "readyInSeconds": round(max((ready_s for _, ready_s in self.pace.boots), default=0)),
        }
