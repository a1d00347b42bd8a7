"""A room as one `look` saw it: places, and the pace that estimates are made from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from waitingroom.announcement import NOTHING, Announcement, announced
from waitingroom.errors import SettingsMissing
from waitingroom.estimates import Forecast, Pace, boots_in
from waitingroom.opening import Stage
from waitingroom.place import Place, read_looked, seconds_of
from waitingroom.stays import Stays, StayTable, prior_s
from waitingroom.wait_range import WaitRanges


def read_pace(answer: Sequence[Any], now_ms: int, total: int) -> Pace:
    """The pace in a script's answer, as the prelude's `pace_of` lists it."""
    per_minute, in_service, boots, active, threshold, per_instance, departed, *rest = answer
    claim, idle, left, ages, present, released, multiplier, gave_up = rest
    fields = [part.decode() for part in left]
    table = StayTable.read(dict(zip(fields[::2], fields[1::2], strict=True)))
    return Pace(
        users_per_minute_per_instance=float(per_minute),
        in_service=float(in_service),
        boots=boots_in(json.loads(boots), now_ms),
        released=boots_in(json.loads(released), now_ms),
        active=active,
        threshold=int(threshold),
        threshold_per_instance=int(per_instance),
        stays=Stays(
            prior_s=prior_s(int(claim) / 1000, int(idle) / 1000),
            leavers=table.leavers,
            weight=table.weight,
            inside=active,
            ages_s=[int(age) / 1000 for age in ages.split(b",") if age],
        ),
        departed=departed,
        present_before=tuple(int(part) for part in present.split(b",") if part),
        total=total,
        multiplier=float(multiplier),
        gave_up=gave_up,
    )


@dataclass
class Snapshot:
    """The places asked for, in the order asked, or the room's pace; what takes time is done once, if at all."""

    mode: str
    total: int
    places: Sequence[Place]
    now_ms: int
    told_pace: Pace | Sequence[Any]  # or as the script lists it; empty beside places
    closed_reason: Mapping[str, str]  # staff's words by language; empty unless the room is closed, and they gave some
    recovering_s: int = 0  # until those who return after a loss are back; 0 where none are awaited
    stage: Stage = Stage.OPEN
    opens_in_ms: int = 0  # of the room's opening; 0 from then on
    announcement: Announcement = NOTHING  # staff's word to everybody who waits
    called: int = 0  # as `called_in_s` has it
    relief: str = ""  # why every place has to wait less than it would have; empty if that is not so
    page_values: dict[str, dict[bytes, bytes]] = field(default_factory=dict)  # by language; whoever shows them fills it
    cause: str = ""  # why some place has to wait longer than a moment ago (causes.py); empty if none has

    @classmethod
    def read(cls, answer: list[Any]) -> "Snapshot":
        """The snapshot in look.lua's answer. Raises SettingsMissing."""
        if len(answer) == 1:
            raise SettingsMissing
        mode, total, _places, now, pace, why, recovering_ms, stage, opens_in_ms, _inside, _turned, said, called = answer
        reason = json.loads(why) if why else {}
        return cls(
            mode.decode(),
            total,
            read_looked(answer),
            int(now),
            pace,
            reason,
            seconds_of(recovering_ms),
            stage=Stage(stage.decode()),
            opens_in_ms=opens_in_ms,
            announcement=announced(said),
            called=called,
        )

    @cached_property
    def pace(self) -> Pace:
        """What estimates are made from; those who are told where they stand need none of their own."""
        told = self.told_pace
        return told if isinstance(told, Pace) else read_pace(told, self.now_ms, self.total)

    @cached_property
    def forecast(self) -> Forecast:
        """The curve of admissions to come, drawn once for everybody in this snapshot."""
        return Forecast(self.pace)

    @cached_property
    def ranges(self) -> WaitRanges:
        """Between how long and how long each place will wait."""
        return WaitRanges(self.forecast)

    @property
    def cause_json(self) -> bytes:
        """`cause` or `relief` as a member of the JSON told to who waits, with the comma before it; or empty."""
        if self.cause:
            return b',"cause":"%b"' % self.cause.encode()
        return b',"relief":"%b"' % self.relief.encode() if self.relief else b""

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
