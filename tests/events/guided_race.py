"""Several of the staff begin and build at once, on the database that DATABASE_URL names: prints what came of it.

`python -m tests.events.guided_race`. Each waits for the others where all have found the name free, and none has it yet.
"""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from unittest import mock

import django

django.setup()

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import setup_test_environment

from events.admin.guided.hall_forms import NAME_TAKEN, NewPlanForm
from events.admin.guided.what_form import WhatForm
from events.models import Event, Plan, Venue
from tests.events.guided_steps import NEW, address, facts, in_days, rows, shown

STAFF = 4


@contextmanager
def met(of: type, name: str) -> Iterator[None]:
    """All of them come to the method of that name before any goes on; the first time only."""
    there, before = threading.Barrier(STAFF), getattr(of, name)
    been = threading.local()

    def waited(self: Any) -> Any:
        if not hasattr(been, "there"):
            been.there = True
            there.wait(30)
        return before(self)

    with mock.patch.object(of, name, waited):
        yield


def at_once(act: Callable[[Client, int], Any]) -> list[Any]:
    """What each of them is answered."""

    def work(number: int) -> Any:
        client = Client(raise_request_exception=False, headers={"host": "localhost"})
        client.force_login(User.objects.get(username=f"staff-{number}"))
        try:
            return act(client, number)
        finally:
            connection.close()

    with ThreadPoolExecutor(STAFF) as pool:
        return list(pool.map(work, range(STAFF)))


def beginning(**same: str) -> list[int]:
    """The statuses of those who begin at once, each a show of their own but for what is the same."""

    def begin(client: Client, number: int) -> int:
        own = {"hall-name_ko": f"홀 {Event.objects.count()} {number}", "starts_at": in_days(60 + number)}
        status: int = client.post(NEW, facts(**own | same)).status_code
        return status

    with met(WhatForm, "keep"):
        return sorted(at_once(begin))


def building() -> dict[str, Any]:
    """Each builds a hall of one name for an event of their own in one venue."""
    venue = Venue.objects.create(name_ko="한 공연장")
    events, pages = [], []
    for number in range(STAFF):
        client = Client(headers={"host": "localhost"})
        client.force_login(User.objects.get(username=f"staff-{number}"))
        own = {"venue": str(venue.pk), "hall-name_ko": "", "hall-name_en": "", "starts_at": in_days(80 + number)}
        client.post(NEW, facts(**own))
        events.append(Event.objects.latest("pk"))
        pages.append(shown(client, events[number], "hall") | rows(("A", 1, 2, 3 + number)) | {"build": ""})

    def build(client: Client, number: int) -> tuple[int, bool]:
        answer = client.post(address(events[number], "hall"), pages[number])
        return answer.status_code, str(NAME_TAKEN) in answer.content.decode()

    with met(NewPlanForm, "plan"):
        answers = at_once(build)
    return {
        "statuses": sorted(status for status, _told in answers),
        "told": sum(told for _status, told in answers),
        "plans": Plan.objects.filter(venue=venue).count(),
        "seated": [
            sum(section.capacity for section in event.plan.sections.all()) == 2 * (3 + number)
            for number, event in enumerate(Event.objects.filter(venue=venue).order_by("pk"))
            if event.plan is not None
        ],
    }


def nonsense() -> dict[str, int]:
    """What a page of staff's answers to what this database does not take."""
    client = Client(raise_request_exception=False, headers={"host": "localhost"})
    client.force_login(User.objects.get(username="staff-0"))
    return {
        "a NUL in the first step": client.post(NEW, facts(slug="a\0b")).status_code,
        "a NUL in a filter": client.get("/admin/events/event/", {"kind__exact": "\0"}).status_code,
        "no pattern": client.get("/admin/events/event/", {"title_ko__regex": "("}).status_code,
        "no key": client.get("/admin/events/event/", {"venue": "9" * 30}).status_code,
    }


def main() -> None:
    """Everything once."""
    setup_test_environment()
    for number in range(STAFF):
        User.objects.create_superuser(f"staff-{number}")
    found = {
        "one title": beginning(),
        "one address": beginning(slug="winter-gala"),
        "one venue": beginning(**{"hall-name_ko": "눈 오는 홀"}),
        "drafts": Event.objects.values("room").distinct().count(),
        "one hall": building(),
        "nonsense": nonsense(),
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
