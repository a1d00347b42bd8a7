"""What is kept of a room's line for its report: rows that are only added, without a word of who anybody is."""

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models
from django.db.models.functions import Now

from waitingroom.line_figures import Admitted


class LineRecord(models.Model):
    """What the clock moved from Redis at one time; it goes with its room.

    Queue numbers are instants, and lead to nobody: who had which is in Redis alone, as long as the place, and in the
    visitor's own slip.
    """

    room = models.ForeignKey("waitingroom.WaitingRoom", on_delete=models.CASCADE, related_name="records")
    epoch = models.CharField(max_length=20)
    number = models.PositiveIntegerField()  # in the epoch, from 0: of two who move the same only one adds it
    until = models.CharField(max_length=41)  # the record's last entry that is in here, as Redis names it
    moved_at = models.DateTimeField(db_default=Now())
    minutes = models.JSONField(default=dict)  # counts as they stood then, by minute and what (keys.py); they only grow
    packed = models.BinaryField()  # the entries since the row before (pack)

    class Meta:
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=("room", "epoch", "number"), name="one_record_a_move"),)

    def __str__(self) -> str:
        return f"{self.room_id} {self.epoch} {self.number}"


def pack(admissions: Sequence[Admitted], told: Mapping[int, int]) -> bytes:
    """Admissions in their order, and waits told by number, in seconds: some ten bytes for each."""
    return zlib.compress(json.dumps([admissions, list(told.items())], separators=(",", ":")).encode(), 6)


def unpack(packed: bytes) -> tuple[list[Admitted], dict[int, int]]:
    """What was packed."""
    admissions, told = json.loads(zlib.decompress(packed))
    pairs: list[Any] = told
    return [(at_ms, numbers) for at_ms, numbers in admissions], dict(pairs)
