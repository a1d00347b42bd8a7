"""One process of a crowd on one room: `python -m tests.waitingroom.crowd ROLE SLUG ...`; what it did, as JSON lines."""

import json
import os
import random
import select
import signal
import sys
from collections.abc import Callable

import django

django.setup()

# Django must be set up before these are read.
from tests.waitingroom.line import entered, join_call
from waitingroom.admission import clock_calls, read_admitted
from waitingroom.place import Phase
from waitingroom.reasons import Reason
from waitingroom.redis import run_now
from waitingroom.room import leave_call


def say(*words: object) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def visitors(slug: str, name: str, count: str) -> None:
    """Enter one after the other, come back at times, leave at times; each number drawn, each time it is seen."""
    chance = random.Random(name)
    here: list[str] = []
    for i in range(int(count)):
        here.append(f"{name}-{i}")
        for visitor in (here[-1], chance.choice(here)):
            place = entered(run_now([join_call(slug, visitor)])[0])
            if place.phase is Phase.WAITING:
                say(visitor, place.queue_number)
        if chance.random() < 0.5:
            run_now([leave_call(slug, here.pop(chance.choice((0, -1))), Reason.LEFT)])


def admit(slug: str) -> list[str]:
    """One tick; who was admitted, in order."""
    admitted = read_admitted(run_now(clock_calls(slug, "clock"))[1])
    for visitor in admitted:
        say(visitor)
    return admitted


def clock(slug: str) -> None:
    """Tick far too often, until stdin closes."""
    while not select.select([sys.stdin], [], [], 0.001)[0]:
        admit(slug)


def killed(slug: str) -> None:
    """Admit, and die before anybody can be told."""
    while not admit(slug):
        pass
    os.kill(os.getpid(), signal.SIGKILL)


ROLES: dict[str, Callable[..., None]] = {"visitors": visitors, "clock": clock, "killed": killed}

if __name__ == "__main__":
    ROLES[sys.argv[1]](*sys.argv[2:])
