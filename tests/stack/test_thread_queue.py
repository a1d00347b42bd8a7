"""The queue before Django's threads: what it takes when it is full, and whose turn it is."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
from django.urls import URLPattern, reverse
from hypothesis import given
from hypothesis import strategies as st

from events.urls import urlpatterns
from tests.stack.test_sign_in_lane import SIGN_IN
from tiketi import thread_queue
from tiketi.fair_line import FairLine
from tiketi.queueing import LEAST, Queueing
from tiketi.ranks import ADDRESS, ANYBODY, VISITOR, Asked, Asker, Rank, asked_of
from tiketi.thread_queue import Shed, ThreadQueue
from waitingroom import slips
from waitingroom.gate import SCOPE_KEY


class One(NamedTuple):
    asker: Asker
    number: int


@given(st.lists(st.sampled_from("abcd"), max_size=40))
def test_askers_take_turns_and_each_ones_requests_keep_their_order(names: list[str]):
    line: FairLine[One] = FairLine()
    for number, name in enumerate(names):
        line.add(One(VISITOR._replace(name=name), number))

    taken = []
    while (one := line.take(lambda _: True)) is not None:
        taken.append(one)

    assert sorted(one.number for one in taken) == list(range(len(names)))
    for name in set(names):
        own = [one.number for one in taken if one.asker.name == name]
        assert own == sorted(own)
        # Nobody comes twice before everybody who waits came once: the n-th of each within the n-th round.
        for round_, at in enumerate(i for i, one in enumerate(taken) if one.asker.name == name):
            assert at < sum(min(names.count(other), round_ + 1) for other in set(names))


class Queue:
    """A queue of one thread, which is busy."""

    def __init__(self) -> None:
        self.seen = Queueing()
        self.queue = ThreadQueue(1, self.seen)
        self.over = threading.Event()
        self.begun: list[str] = []
        self.busy = asyncio.ensure_future(self.queue.run(Asked(Rank.PAGE, ANYBODY), self.over.wait, 10))

    async def ask(self, rank: Rank, name: str, of: Asker = VISITOR) -> "asyncio.Task[Any]":
        """One more waits, or is refused."""
        asked = Asked(rank, of._replace(name=name))
        task = asyncio.ensure_future(self.queue.run(asked, self.begun.append, f"{rank.name} {name}"))
        await asyncio.sleep(0)
        return task

    async def end(self, tasks: Sequence["asyncio.Task[Any]"]) -> list[bool]:
        """The thread is free; who was served."""
        self.over.set()
        await self.busy
        return [not isinstance(one, Shed) for one in await asyncio.gather(*tasks, return_exceptions=True)]


@contextmanager
def room_for(count: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    monkeypatch.setattr(thread_queue, "MAX_WAITING", count)
    queue = Queue()
    yield queue
    queue.over.set()


async def test_in_a_full_queue_who_is_worth_more_takes_the_place_of_the_last_of_those_worth_least(
    monkeypatch: pytest.MonkeyPatch,
):
    with room_for(4, monkeypatch) as queue:
        tasks = [await queue.ask(Rank.PAGE, "a"), await queue.ask(Rank.LOOK, "b"), await queue.ask(Rank.LOOK, "b")]
        tasks += [await queue.ask(Rank.LOOK, "c"), await queue.ask(Rank.PURCHASE, "d"), await queue.ask(Rank.LOOK, "e")]

        assert await queue.end(tasks) == [True, True, False, True, True, False]
        assert queue.begun == ["PURCHASE d", "PAGE a", "LOOK b", "LOOK c"]
        assert queue.seen.shed()[Rank.LOOK] == 2


async def test_in_a_full_queue_of_equals_the_one_who_asks_most_gives_way(monkeypatch: pytest.MonkeyPatch):
    with room_for(5, monkeypatch) as queue:
        tasks = [await queue.ask(Rank.PAGE, "flood") for _ in range(7)]
        other = [await queue.ask(Rank.PAGE, name) for name in "xyz"]

        assert await queue.end([*tasks, *other]) == [True, True, *[False] * 5, True, True, True]
        assert queue.begun[1:4] == ["PAGE x", "PAGE y", "PAGE z"]


async def test_callbacks_are_displaced_by_nobody_and_displace_nobody(monkeypatch: pytest.MonkeyPatch):
    with room_for(2, monkeypatch) as queue:
        callbacks = [await queue.ask(Rank.CALLBACK, "bank", ADDRESS) for _ in range(200)]
        pages = [await queue.ask(Rank.PAGE, name) for name in "ab"]
        purchases = [await queue.ask(Rank.PURCHASE, name) for name in "cd"]

        assert await queue.end([*callbacks, *pages, *purchases]) == [True] * 200 + [False, False, True, True]


async def test_callbacks_are_bounded_all_the_same(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(thread_queue, "MAX_CALLBACKS", 3)
    queue = Queue()
    tasks = [await queue.ask(Rank.CALLBACK, "bank", ADDRESS) for _ in range(5)]

    assert await queue.end(tasks) == [True, True, True, False, False]


async def test_sign_ins_of_one_leave_the_lane_to_others(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tiketi.sign_in_lane.MAX_WAITING", 3)
    queue = Queue()
    tasks = [await queue.ask(Rank.SIGN_IN, name) for name in ("flood", "flood", "flood", "fan")]

    assert await queue.end(tasks) == [True, True, False, True]


async def test_of_one_asker_only_so_many_are_on_the_way():
    queue = ThreadQueue(1, Queueing())
    fan, crowd = Asked(Rank.PAGE, VISITOR._replace(name="fan")), Asked(Rank.PAGE, ADDRESS._replace(name="crowd"))
    for asked in (fan, crowd):
        opened = [queue.on_the_way(asked) for _ in range(asked.asker.max_on_the_way)]
        for one in opened:
            one.__enter__()
        with pytest.raises(Shed), queue.on_the_way(asked):
            pass
        with queue.on_the_way(Asked(Rank.CALLBACK, asked.asker)):
            pass
        opened[0].__exit__(None, None, None)
        with queue.on_the_way(asked):
            pass


async def test_whose_asker_ends_while_waiting_is_forgotten():
    queue = Queue()
    gone, served = await queue.ask(Rank.PURCHASE, "gone"), await queue.ask(Rank.PAGE, "served")
    gone.cancel()
    await asyncio.sleep(0)

    assert sum(queue.seen.waiting().values()) == 1
    assert await queue.end([served]) == [True]
    assert queue.begun == ["PAGE served"]


async def test_work_begun_keeps_its_thread_until_it_ends_though_nobody_waits_for_it():
    queue = Queue()
    await asyncio.sleep(0)
    queue.busy.cancel()
    waiting = await queue.ask(Rank.PURCHASE, "next")
    await asyncio.sleep(0.05)

    assert queue.begun == []
    queue.over.set()
    await waiting
    assert queue.begun == ["PURCHASE next"]


async def test_who_asks_for_much_at_once_does_not_make_it_look_crowded():
    seen = Queueing()
    queue, over = ThreadQueue(VISITOR.max_at_once + 1, seen), threading.Event()
    asked = Asked(Rank.INSIDE, VISITOR._replace(name="many"))
    many = [asyncio.ensure_future(queue.run(asked, over.wait, 10)) for _ in range(VISITOR.max_on_the_way)]
    await asyncio.sleep(0.3)

    assert seen.waiting()[Rank.INSIDE] == VISITOR.max_on_the_way - VISITOR.max_at_once
    assert seen.lately_s(Rank.INSIDE) < 0.2
    over.set()
    assert all(await asyncio.gather(*many))
    assert seen.lately_s(Rank.INSIDE) < 0.2


def test_one_slow_request_is_no_sign_and_many_are():
    seen = Queueing()
    for who in range(LEAST):
        seen.came(who, Rank.INSIDE, alone=True)
        waits = seen.lately_s(Rank.INSIDE)
        assert (waits > 0.0) is (who > 0)
    seen.left(0)
    for who in range(1, LEAST):
        seen.began(who)
    assert seen.waiting()[Rank.INSIDE] == 0
    (*_, (edge, count)), _ = seen.histogram(Rank.INSIDE)
    assert (edge, count) == ("+Inf", LEAST - 1)


def scope(path: str, method: str = "GET", **headers: str) -> dict[str, Any]:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"path": path, "method": method, "headers": named, "client": ("8.8.4.7", 1)}


# Every address of the sale's, by the rank that its requests wait in; what is not named is a page.
RANKS = {
    Rank.CALLBACK: {"callback"},
    Rank.PURCHASE: {"hold", "release", "extend", "drop", "checkout", "pay", "paid", "toss", "sandbox"},
    Rank.LOOK: {"seats-state", "here", "clock"},
    Rank.INSIDE: {"door", "door-undo", "door-counts", "door-list", "door-reconcile", "door-worker"},
}
WORDS = {"slug": "a-b", "section_id": 1, "number": "x1", "serial": "t1", "name": "toss", "code": "c", "version": "1"}
WORDS |= {
    "token": "t",
    "language": "ko",
    "digest": "d",
    "motif": "m",
    "hue": 1,
    "reference": "12345678-1234-4234-8234-123456789abc",
}


@pytest.mark.parametrize("address", urlpatterns, ids=lambda one: str(one.name))
def test_every_address_has_its_rank(address: URLPattern):
    assert address.name is not None
    words = {name: WORDS[name] for name in address.pattern.converters}
    path = reverse(f"events:{address.name}", kwargs=words)
    expected = next((rank for rank, names in RANKS.items() if address.name in names), Rank.PAGE)

    account = f"visitor={slips.sign_visitor('account-7')}"
    for said in (path, path.rstrip("/") or "/"):
        assert asked_of(scope(said, "POST", cookie=account)).rank is expected
    # What strangers may ask for as well stands before nobody's page.
    strangers = asked_of(scope(path, "POST")).rank
    assert strangers is (expected if expected in (Rank.CALLBACK, Rank.LOOK) else Rank.PAGE)


def test_inside_is_who_the_gate_let_in_and_sign_ins_are_theirs():
    def rank(path: str, method: str = "GET", place: object = None) -> Rank:
        return asked_of({**scope(path, method), SCOPE_KEY: place}).rank

    assert rank("/events/a/", place=object()) is Rank.INSIDE
    assert rank("/events/a/hold/", "POST", place=object()) is Rank.PURCHASE
    assert rank("/events/a/") is Rank.PAGE
    assert rank(SIGN_IN, "POST") is Rank.SIGN_IN
    assert rank(SIGN_IN) is Rank.PAGE


def test_an_asker_is_a_genuine_cookies_visitor_else_an_address(settings: Any):
    def asker_of(asking: dict[str, Any]) -> Asker:
        return asked_of(asking).asker

    cookie = f"visitor={slips.sign_visitor('fan')}"

    assert asker_of(scope("/", cookie=cookie)) == VISITOR._replace(name="fan")
    assert asker_of(scope("/", cookie=f"{cookie}x")) == ADDRESS._replace(name="8.8.4.7")
    settings.WAITINGROOM_TRUSTED_PROXIES = ["8.8.4.7/32"]
    of_v6 = [asker_of(scope("/", x_forwarded_for=f"2600:1:2:3::{end}")) for end in ("1", "ffff:2")]
    assert of_v6[0] == of_v6[1]
    assert asker_of(scope("/", x_forwarded_for="2600:1:2:4::1")) != of_v6[0]
    assert asker_of(scope("/", x_forwarded_for="8.8.8.8")) == ADDRESS._replace(name="8.8.8.8")
    assert asker_of(scope("/", x_forwarded_for="10.0.0.7")) == ANYBODY
    assert asker_of(scope("/", x_forwarded_for="nonsense")) == ANYBODY
