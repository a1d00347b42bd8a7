"""Who is answered what at every address of the site; an address that stands in no row fails here.

`who_may.txt` is the table: a status by actor, `in` where they are sent to sign in. `elsewhere` organises another event.
POSTs are empty, but that a door's name its event: what passes the right is told what the form lacks (200, 302, 400 or
409), and nothing is done.
"""

import os
from typing import Any

import pytest
from django.core.cache import cache

from events.sale.terms import NO_FEE
from tests.events.conftest import buy, seats_of
from tests.events.who_may import TABLE, Address, actors, addresses, browsers, lines, row_of, stand_ins

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(tonight: Any, make_event: Any, make_buyer: Any) -> dict[Address, dict[str, list[str]]]:
    buyer = make_buyer()
    # By the usual terms the answer would depend on the hour: nobody cancels on the day itself.
    tonight.cancellation_terms = NO_FEE.as_json()
    tonight.save()
    order = buy(tonight, buyer, *seats_of(tonight)[:2])
    sessions = browsers(actors(tonight, make_event(), buyer))
    cache.clear()
    return {one: row_of(one, sessions) for one in addresses(stand_ins(tonight, order, buyer))}


def test_every_address_answers_everybody_as_the_table_says(told: dict[Address, dict[str, list[str]]]):
    found = lines(told)
    if os.environ.get("WRITE_WHO_MAY"):  # then read the difference, row by row
        TABLE.write_text("\n".join(found) + "\n")

    wanted = TABLE.read_text().splitlines()
    assert [line.split()[:2] for line in found] == [line.split()[:2] for line in wanted]
    assert found == wanted
