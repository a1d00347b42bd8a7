"""The last payment and a cancellation at the same moment, many times over, by two workers.

`python -m tests.events.sold_out_race ROUNDS` on the database that DATABASE_URL names: prints what each round left
behind that is not so, as JSON. With `unlocked` behind it nobody locks the event before counting: the negative control.
"""

import json
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import django

django.setup()

from django.contrib.auth.models import User
from django.db import connection

from events.models import Event, Why
from events.payments.sandbox import callbacks
from events.sale import closing
from events.sale.orders import cancel_order
from events.sale.sold_out import is_sold_out
from tests.events.conftest import buy, order
from tests.events.rush_data import open_sale
from waitingroom.models import WaitingRoom


def at_once(*acts: Callable[[], object]) -> None:
    """Each by a worker of its own, begun at one moment."""
    start = threading.Barrier(len(acts))

    def work(act: Callable[[], object]) -> None:
        start.wait()
        try:
            act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        for part in [pool.submit(work, act) for act in acts]:
            part.result()


def play(number: int) -> str:
    """One round; what is wrong then, or nothing."""
    sale = open_sale("A,1,1,1,4\n")
    event = Event.objects.get(room__slug=sale["slug"])
    seats = [int(seat) for seat in sale["seats"]]  # type: ignore[attr-defined]  # of `object`
    staff, one, other = (User.objects.create_user(f"{event.slug}-{who}", f"{who}@{event.slug}.test") for who in "sab")
    first = buy(event, one, *seats[:2])
    _, payment = order(event, other, *seats[2:])

    counted = threading.Event()  # the payment has found every seat paid for, and has told nobody yet

    def count(event_id: int) -> bool:
        found = is_sold_out(event_id)
        if found:
            counted.set()
        return found

    def cancel() -> None:
        assert counted.wait(10), "the last payment was not the last"
        cancel_order(first.pk, by=staff, why=Why.BY_STAFF)

    with mock.patch.object(closing, "is_sold_out", count):
        at_once(lambda: callbacks.act(payment, callbacks.Outcome.SUCCEED), cancel)

    told = WaitingRoom.objects.get(slug=event.slug).closed_because
    return f"round {number}: {told or 'open'} with free seats" if told or is_sold_out(event.pk) else ""


def follow_unlocked(event_id: int) -> None:
    """As `closing.follow`, but counted before the room is locked, and not again."""
    event = Event.objects.get(pk=event_id)
    counted = is_sold_out(event_id)
    if counted:
        time.sleep(0.3)
    WaitingRoom.objects.get(slug=event.slug).close_over("sold-out" if counted else "")


def main(rounds: int, *how: str) -> None:
    """Play, and tell."""
    follow = follow_unlocked if "unlocked" in how else closing.follow
    with mock.patch.object(closing, "follow", follow):
        wrong = [found for number in range(rounds) if (found := play(number))]
    json.dump(wrong, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
