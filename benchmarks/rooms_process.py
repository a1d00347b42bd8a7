"""A site of so many rooms, some of them with a line, in one process: what its clock, hub and metrics take.

`python -m benchmarks.rooms_process ROOMS ALIVE ROUNDS`, with DATABASE_URL, REDIS_URL and TIKETI_LOCAL_DIR of its own;
prints a JSON object of milliseconds, a list for each thing measured.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable

import django

WAITING = 20  # in each line
PATIENT_S = 86_400  # nobody expires amid a measurement


def main() -> None:
    """Furnish the site, and time each thing so often."""
    rooms, alive, rounds = map(int, sys.argv[1:])
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    furnish(rooms, alive)
    measured = works()
    found = [timed(measured) for _ in range(rounds)]
    print(json.dumps({name: [one[name] for one in found] for name in found[0]}))


def furnish(rooms: int, alive: int) -> None:
    """Rooms of one place, which is taken; the first of them with a line."""
    from waitingroom.configure import configure_call, put_in_force
    from waitingroom.models import WaitingRoom
    from waitingroom.redis import run_now
    from waitingroom.room import JoinIntent, enter_call
    from waitingroom.room_registry import room_registry

    patient = {"presence_seconds": 600, "grace_seconds": PATIENT_S, "idle_seconds": PATIENT_S}
    WaitingRoom.objects.bulk_create(WaitingRoom(slug=f"room-{i:05}", threshold=1, **patient) for i in range(rooms))
    made = list(WaitingRoom.objects.order_by("slug"))
    put_in_force(made[:alive])
    for begin in range(0, rooms, 500):
        run_now([configure_call(room) for room in made[begin : begin + 500]])
    for room in made[:alive]:
        run_now([enter_call(room.slug, [(f"v{i}", JoinIntent.JOIN, "") for i in range(WAITING + 1)])])
    room_registry.refresh()


def works() -> dict[str, Callable[[], object]]:
    """What is measured, by name; each as the site itself does it."""
    from scaling import control_loop, store
    from tiketi import readiness
    from tiketi.numbers import numbers
    from waitingroom.clock import Clock
    from waitingroom.jobs.stand_in import StandIn
    from waitingroom.room_registry import room_registry

    clock, loop, hub = Clock(), asyncio.new_event_loop(), StandIn()
    clock.tick()  # at first all of them
    clock.tick()

    def metrics() -> None:
        readiness.forget()
        numbers(readiness.looking().answer().result(), whole=True)

    def hub_turn() -> None:
        room_registry.refresh()  # it is a second old
        loop.run_until_complete(hub.turn())

    def publish() -> None:
        control_loop.turn(store.now())

    for work in (hub_turn, publish, metrics):
        work()  # connections, caches
    return {"tick": clock.tick, "hub turn": hub_turn, "publish": publish, "/metrics": metrics}


def timed(all_of_them: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Milliseconds of each, a second after those before; metrics where somebody shares the fleet out, as on a site."""
    from scaling import sharing

    took = {}
    time.sleep(1)
    for name, work in all_of_them.items():
        if name == "/metrics":
            sharing.share_once()
        began = time.perf_counter()
        work()
        took[name] = (time.perf_counter() - began) * 1000
    return took


if __name__ == "__main__":
    main()
