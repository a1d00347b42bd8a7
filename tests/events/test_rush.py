"""Never the same seat twice, however many come at once: real HTTP, several server processes, both databases."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from tests.events import rush

# One worker for both: two cores carry one such site, not two.
pytestmark = pytest.mark.xdist_group("site")


@pytest.fixture(scope="module")
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database of the kind asked for, to oneself."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('rush')}/rush.sqlite3"
    url: str = request.getfixturevalue("postgres_url")
    name = f"rush_{request.param.replace('-', '_')}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    return f"{url.rsplit('/', 1)[0]}/{name}"


@pytest.fixture(scope="module")
def site(database: str, redis_server: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[rush.Rush]:
    """A site with several processes on the database."""
    folder: Path = tmp_path_factory.mktemp("rush-site")
    with rush.site(folder, database, settings.REDIS_URL) as running:
        yield running


both = pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)


@both
def test_f17_300_buyers_for_the_last_50_seats_leave_exactly_50_owners(site: rush.Rush):
    [sale], sessions = site.open_sales(1, seats=50, accounts=300)

    fates = rush.storm(site, sale, sessions, [[sale.seats[i % 50]] for i in range(300)])

    assert Counter(fates) == {"received": 50, "409 taken": 250}
    (found,) = site.audit(sale)
    assert sorted(found.pop("sold")) == sorted(sale.seats)
    assert found == {
        "held": 0,
        "seats_with_two_owners": 0,
        "tickets": 50,
        "seats_with_a_ticket": 50,
        "owed_won": 50_000,
        "received_won": 50_000,
    }


@both
def test_f17_a_hundred_buyers_for_the_last_seat_leave_one_owner(site: rush.Rush):
    [sale], sessions = site.open_sales(1, seats=1, accounts=100)

    fates = rush.storm(site, sale, sessions, [sale.seats] * 100)

    assert Counter(fates) == {"received": 1, "409 taken": 99}
    (found,) = site.audit(sale)
    assert (found["sold"], found["tickets"], found["seats_with_two_owners"]) == (sale.seats, 1, 0)


@both
def test_twenty_rushes_of_random_overlapping_picks_sell_no_seat_twice(site: rush.Rush):
    sales, sessions = site.open_sales(20, seats=16, accounts=16)
    picks = [rush.random_picks(sale, 16, seed) for seed, sale in enumerate(sales)]

    fates = [rush.storm(site, sale, sessions, wanted) for sale, wanted in zip(sales, picks, strict=True)]

    for seed, (found, wanted, fared) in enumerate(zip(site.audit(*sales), picks, fates, strict=True)):
        won = sorted(seat for pick, fate in zip(wanted, fared, strict=True) if fate == "received" for seat in pick)
        assert sorted(found["sold"]) == won, seed
        assert (found["held"], found["seats_with_two_owners"]) == (0, 0), seed
        assert found["tickets"] == found["seats_with_a_ticket"] == len(won), seed
        assert found["owed_won"] == found["received_won"] == 1000 * len(won), seed
        lost = [(pick, fate) for pick, fate in zip(wanted, fared, strict=True) if fate != "received"]
        # Nobody lost for nothing: somebody else has a seat of each pick that failed.
        assert all(fate == "409 taken" and not set(won).isdisjoint(pick) for pick, fate in lost), (seed, lost)


@pytest.mark.parametrize("database", ["postgres-unlocked"], indirect=True)
def test_f17_without_the_constraint_the_race_does_happen(site: rush.Rush):
    """The negative control: with only the polite look before the leap, seats are sold twice."""
    assert json.loads(site.run("drop-constraint"))
    sales, sessions = site.open_sales(6, seats=2, accounts=40)
    for sale in sales:
        rush.storm(site, sale, sessions, [[sale.seats[i % 2]] for i in range(40)])

    assert sum(found["seats_with_two_owners"] for found in site.audit(*sales)) > 0
