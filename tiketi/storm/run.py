"""What is known of a storm besides its visitors: how it went, and what was sold."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Run:
    """How the storm itself went."""

    began_ms: float
    ended_ms: float
    late_ms: Sequence[float]  # how long after its appointed instant each visitor arrived
    cpu_seconds: float
    cut_short: str = ""
    was_patient: bool = True  # the time limit was the storm's own, generous one
    answers_ms: Sequence[float] = ()  # how long each answer over HTTP took


@dataclass(frozen=True, slots=True)
class Sales:
    """What the visitors bought, as the database tells it."""

    orders: int = 0  # paid
    oversold: int = 0  # seats sold more than once
    missing: int = 0  # purchases that were confirmed, and are no paid order


NOTHING_SOLD = Sales()
