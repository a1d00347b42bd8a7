"""What a measurement found: a row of samples for each side, and what is told of them."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SIDES = ("ours", "peer", "bare")


class Unmeasured(Exception):
    """A measurement came to nothing; the message says why."""


@dataclass
class Row:
    """One measured thing; `reach` is the target in words, `note` what the reader must know."""

    name: str
    unit: str
    reach: str = ""
    note: str = ""
    samples: dict[str, list[float]] = field(default_factory=dict)

    def add(self, side: str, value: float) -> None:
        """One round's value for a side."""
        self.samples.setdefault(side, []).append(value)

    def median(self, side: str) -> float | None:
        """The side's median, or None if it does not take part."""
        values = self.samples.get(side)
        return statistics.median(values) if values else None

    def spread(self, side: str) -> tuple[float, float] | None:
        """The side's smallest and largest round."""
        values = self.samples.get(side)
        return (min(values), max(values)) if values else None

    def ratio(self, side: str) -> float | None:
        """Ours divided by the side's, of the medians."""
        mine, theirs = self.median("ours"), self.median(side)
        return mine / theirs if mine is not None and theirs else None

    def as_json(self) -> dict[str, Any]:
        """The contract's keys first, then the spread and the words."""
        return {
            "name": self.name,
            **{side: rounded(self.median(side)) for side in SIDES},
            "ratio_to_peer": rounded(self.ratio("peer")),
            "ratio_to_bare": rounded(self.ratio("bare")),
            "unit": self.unit,
            **{f"{side}_spread": [rounded(end) for end in self.spread(side) or ()] for side in SIDES},
            "rounds": max((len(values) for values in self.samples.values()), default=0),
            "reach": self.reach,
            "note": self.note,
        }


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    return sorted(values)[int(len(values) * share)]


def people(count: int) -> str:
    """A number of people as a chart's label has room for it."""
    return f"{count // 1_000_000}M" if count >= 1_000_000 else f"{count // 1000}k" if count >= 1000 else str(count)


def rounded(value: float | None) -> float | None:
    """The value to four significant digits."""
    return None if value is None else float(f"{value:.4g}")


def write(rows: Sequence[Row], file: Path) -> None:
    """Write the rows as the contract's JSON list."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([row.as_json() for row in rows], indent=1, ensure_ascii=False) + "\n")
