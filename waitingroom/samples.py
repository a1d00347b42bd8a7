"""A room's numbers at an instant, as its charts' half hour keeps them; pure."""

import json
from dataclasses import astuple, dataclass, fields

from waitingroom.status import RoomStatus


@dataclass(frozen=True, slots=True)
class Sample:
    """The counts grow as long as Redis keeps the room: two samples tell what happened between them."""

    at_s: float  # Unix seconds, Redis's clock
    waiting: int  # present and absent
    present: int
    strangers: int
    active: int
    threshold: int
    arrived: int  # drew a number, or went straight in
    refilled: int  # out of the line into a place
    admitted: int  # the same, and straight in
    oldest_wait_s: float
    estimated_wait_s: int  # 0: nobody was told to wait, or nobody knows
    in_service: float
    pending: float

    @property
    def departed(self) -> int:
        """Who was inside and is no more."""
        return self.admitted - self.active


def sample_of(room: RoomStatus, at_s: float, estimated_wait_s: int) -> Sample:
    """The sample of a status; the estimate apart, since a status may have none."""
    return Sample(
        at_s=at_s,
        waiting=room.waiting,
        present=room.present,
        strangers=room.strangers,
        active=room.active,
        threshold=room.threshold,
        arrived=room.joined + room.straight_in,
        refilled=room.admitted,
        admitted=room.admitted + room.straight_in,
        oldest_wait_s=room.oldest_wait_s,
        estimated_wait_s=estimated_wait_s,
        in_service=room.in_service,
        pending=room.pending,
    )


def written(sample: Sample) -> str:
    """The numbers behind the instant, which is the script's to say."""
    return json.dumps([round(number, 2) for number in astuple(sample)[1:]])[1:-1]


def read(row: bytes) -> Sample | None:
    """The sample in one row of `curve`; None of another release's that counts other things."""
    at_ms, *numbers = json.loads(b"[%b]" % row)
    return Sample(at_ms / 1000, *numbers) if len(numbers) == len(fields(Sample)) - 1 else None
