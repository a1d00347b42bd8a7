"""Who waits is told how many tickets are left at each price: counted once a second for all, and never waited for."""

import threading
import time
from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache

from events.models import PriceTier, SectionPrice
from events.sale import availability
from events.sale.availability import Availability, left_by_price, look
from tests.events.conftest import hold, seats_of
from tests.patience import BUSY_S
from tests.waitingroom.line import join_call, names
from tests.waitingroom.pages import Page, with_hub
from waitingroom.hub import Hub
from waitingroom.redis import run_now
from waitingroom.tickets_left import counts, tickets_left

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 60


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    counts.clear()


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When the database was asked for the seats."""
    found: list[float] = []

    def counted(slug: str) -> Availability:
        found.append(time.monotonic())
        return look(slug)

    monkeypatch.setattr(availability, "look", counted)
    return found


@pytest.fixture
def waiting(event) -> list[str]:
    """Those who wait for the event."""
    event.room.mode = "paused"
    event.room.save()
    visitors = names(PEOPLE)
    run_now([join_call(event.slug, visitor) for visitor in visitors])
    return visitors


async def told(page: Page, like: Callable[[dict[str, int]], bool]) -> None:
    """Wait until a position says so of the tickets left."""

    def says() -> bool:
        return any(like(frame["ticketsLeft"]) for frame in page.frames if "ticketsLeft" in frame)

    await page._until(says)


def test_a_whole_line_costs_the_database_one_look_a_second(event, waiting, looks, buyer):
    cheap, dear = PriceTier.objects.create(event=event, name_ko="B석", price_won=1), event.tiers.first()
    SectionPrice.objects.filter(event=event, section__code="A").update(tier=cheap)
    before = {str(tier): count for tier, count in left_by_price(event.slug).items()}
    assert set(before) == {str(cheap.pk), str(dear.pk)}
    seats = seats_of(event)[:2]
    looks.clear()
    began = time.monotonic()

    async def play(hub: Hub) -> None:
        pages = [Page(hub, event.slug, visitor) for visitor in waiting]
        for page in pages:
            await told(page, lambda left: left == before)
        await sync_to_async(hold)(event, buyer, *seats)
        held_at = time.monotonic()
        for page in pages:
            await told(page, lambda left: sum(left.values()) == sum(before.values()) - 2)
        assert time.monotonic() - held_at < 2 + BUSY_S  # a second for the count, and one for the place

    with_hub(play)
    assert len(looks) <= time.monotonic() - began + 2


def test_of_two_processes_one_counts(event, looks, monkeypatch):
    """The second finds what the first has counted in the cache that they share."""
    monkeypatch.setattr(availability, "FRESH_SECONDS", 60)  # however slow the machine
    assert left_by_price(event.slug) == left_by_price(event.slug)
    assert len(looks) == 1
    cache.delete(f"seats:{event.slug}:fresh")
    left_by_price(event.slug)
    assert len(looks) == 2


def test_a_database_that_hangs_keeps_no_place_from_being_told(event, waiting, monkeypatch):
    ended = threading.Event()
    monkeypatch.setattr("events.sale.availability.left_by_price", lambda _: ended.wait(20))

    async def play(hub: Hub) -> None:
        page = Page(hub, event.slug, waiting[0])
        await page.hears("queue-position-update", times=3)
        assert all("ticketsLeft" not in frame for frame in page.frames)

    try:
        with_hub(play, within=18)
    finally:
        ended.set()


def test_a_site_that_counts_nothing_tells_nothing(event, settings):
    settings.WAITINGROOM_TICKETS_LEFT = ""

    assert tickets_left(event.slug) == b""
