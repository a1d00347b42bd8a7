"""When the console says that the database is silent."""

import threading
from collections import defaultdict
from functools import partial
from types import SimpleNamespace

import pytest

from tests.patience import until
from tiketi.console import sums
from tiketi.console.sums import AWAY_SECONDS, Sums


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Seconds as the sums have them, at `at`."""
    clock = SimpleNamespace(at=1000.0)
    monkeypatch.setattr(sums, "time", SimpleNamespace(monotonic=lambda: clock.at))
    return clock


def test_behind_others_who_are_answered_nobody_takes_the_database_for_silent(clock: SimpleNamespace):
    answered: dict[str, threading.Event] = defaultdict(threading.Event)

    def ask(key: str) -> str:
        answered[key].wait(30)
        return key

    found: Sums[str] = Sums("test", ask)
    for key in ("first", "second", "last"):
        found.latest(key)
    for key in ("first", "second"):
        clock.at += 0.9 * AWAY_SECONDS
        assert not found.is_away("last")
        answered[key].set()
        until(partial(found.latest, key))

    clock.at += 0.9 * AWAY_SECONDS
    assert not found.is_away("last")
    clock.at += 0.2 * AWAY_SECONDS
    assert found.is_away("last")

    answered["last"].set()
    until(lambda: found.latest("last") == "last")
    assert not found.is_away("last")


def test_failures_are_no_answers(clock: SimpleNamespace):
    failing, hanging = threading.Event(), threading.Event()

    def ask(key: str) -> str:
        (failing if key == "fails" else hanging).wait(30)
        raise OSError(key)

    found: Sums[str] = Sums("test", ask)
    found.latest("fails")
    found.latest("last")
    clock.at += 0.9 * AWAY_SECONDS
    failing.set()
    until(lambda: found.is_away("fails"))

    clock.at += 0.2 * AWAY_SECONDS
    assert found.is_away("last")
    hanging.set()
