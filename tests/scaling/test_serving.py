"""serving: the register and the reading of the group, of which either may fail alone."""

from dataclasses import replace
from math import inf

import pytest
from django.db import DatabaseError, connection

from scaling import recording, registration, sharing, store, tasks
from scaling.fleet import FleetSnapshot, Instance, Lifecycle
from scaling.serving import serving
from tests.scaling.conftest import Clock, crowd, told
from waitingroom.models import WaitingRoom
from waitingroom.redis import client

pytestmark = pytest.mark.django_db

SEVEN = [f"i-{n}" for n in range(7)]


def group(*names: str, at: float = 1000.0, lifecycle: Lifecycle = Lifecycle.IN_SERVICE) -> FleetSnapshot:
    return FleetSnapshot(at, 7, 2, 10, tuple(Instance(name, lifecycle, 0.0, -inf) for name in names))


def counted(view: FleetSnapshot, signing: set[str], *, believed: bool = True) -> int:
    return serving(view, signing, believed=believed, unsigned_s=30).in_service


@pytest.mark.parametrize(
    ("view", "signing", "believed", "expected"),
    [
        (group(*SEVEN), set(SEVEN), True, 7),
        (group(*SEVEN), set(SEVEN[:5]), True, 5),  # in service by Auto Scaling's word, and two do not answer
        (group(*SEVEN), set(), True, 7),  # the register failed alone
        (group(*SEVEN), {"some-host"}, True, 7),  # it is another's
        (group(*SEVEN), set(SEVEN), False, 7),  # Auto Scaling failed alone
        (group(*SEVEN), {*SEVEN[:5], "i-new"}, False, 6),
        (group(*SEVEN, lifecycle=Lifecycle.PENDING), set(SEVEN[:3]), True, 3),  # "0 in service", and three sign
        (group(*SEVEN, lifecycle=Lifecycle.TERMINATING), set(SEVEN), False, 0),
        (group(), set(SEVEN), True, 7),  # Auto Scaling names nobody, and seven sign
        (group(), set(SEVEN), False, 7),
        (group(), set(), True, 0),
    ],
)
def test_who_serves_is_who_says_so(view: FleetSnapshot, signing: set[str], believed: bool, expected: int):
    assert counted(view, signing, believed=believed) == expected


def test_who_came_into_service_a_moment_ago_has_time_to_sign():
    young = replace(
        group("i-0", "i-1"), instances=(*group("i-0").instances, Instance("i-1", Lifecycle.IN_SERVICE, 0, 980.0))
    )

    assert counted(young, {"i-0"}) == 2
    assert counted(replace(young, at=1011.0), {"i-0"}) == 1


def test_who_signs_while_it_boots_counts_when_it_is_in_service():
    view = replace(group("i-0"), instances=(*group("i-0").instances, Instance("i-1", Lifecycle.PENDING, 0, None)))

    assert counted(view, {"i-0", "i-1"}) == 1


def test_an_hour_without_auto_scaling_does_not_slow_seven_that_serve(room: WaitingRoom, clock: Clock, configured):
    configured(ramp_s=0)
    clock.turns(1)
    crowd(room, 3000)
    view = group(*SEVEN, at=clock.now)
    for hours_s in (0.0, 61.0, 3600.0):
        client().zadd(store.SERVERS, {f"{name}:1": clock.now + hours_s for name in SEVEN})
        sharing.share(view, clock.now + hours_s)
        assert told(room) == 7

    sharing.share(view, clock.now + 3600.0 + registration.SILENT_S + 1)
    assert told(room) == 2  # now nobody says so


@pytest.mark.django_db(transaction=True)
def test_metrics_and_orders_do_not_wait_for_the_database(room: WaitingRoom, clock: Clock, configured, monkeypatch):
    configured(policy="law")
    clock.turns(1)

    def away(*_: object, **__: object) -> None:
        raise DatabaseError("the database is away")

    crowd(room, 9000)
    with monkeypatch.context() as patches:
        patches.setattr(connection, "cursor", away)
        clock.turns(11)

    assert store.samples()[0]["QueueSize"] >= 9000
    view = store.last_view()
    assert view is not None
    assert view.desired > 2


def test_what_is_published_and_ordered_comes_before_what_is_recorded(room: WaitingRoom, clock: Clock, monkeypatch):
    published: list[int] = []
    monkeypatch.setattr(recording, "record", lambda _: published.append(len(store.samples())))

    clock.turns(1)

    assert published == [1]


def test_a_turn_that_takes_long_is_not_overtaken():
    client().delete(*(f"{store.TURN}:slow{end}" for end in ("", ":running")))
    inner: list[bool] = []

    def work(_: float) -> None:
        client().delete(f"{store.TURN}:slow")  # its period is over
        inner.append(tasks._take("slow", 9.0, lambda _: None))

    assert tasks._take("slow", 9.0, work)
    assert inner == [False]
    client().delete(f"{store.TURN}:slow")
    assert tasks._take("slow", 9.0, lambda _: None)
