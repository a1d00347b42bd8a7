"""What a check before a sale is given, and what it finds."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from scaling.configuration import Configuration
from scaling.pin import Pin
from scaling.schedule import Window
from waitingroom.models import WaitingRoom


class Level(StrEnum):
    """How a check came out; only a fault stops an evening."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """One thing found: what it is, and what to do about it, both for people."""

    level: Level
    text: Any  # str, or a text to be translated
    todo: Any = ""


@dataclass(frozen=True)
class Sale:
    """What is checked: one room's sale on the fleet as it is set up."""

    room: WaitingRoom
    configuration: Configuration
    pin: Pin
    window: Window | None  # the sale's own
    windows: Sequence[Window]  # of all sales
    expected_visitors: int | None
    now: float


Check = Callable[[Sale], Iterator[Finding]]


def ok(text: Any) -> Finding:
    """Nothing to do."""
    return Finding(Level.OK, text)


def warning(text: Any, todo: Any) -> Finding:
    """To be looked at."""
    return Finding(Level.WARNING, text, todo)


def fault(text: Any, todo: Any) -> Finding:
    """To be mended before the sale."""
    return Finding(Level.FAULT, text, todo)


def unknown(text: Any, todo: Any = "") -> Finding:
    """Nobody could say."""
    return Finding(Level.UNKNOWN, text, todo)
