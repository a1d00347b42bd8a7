"""The hub: what each page is told, whatever the others do, and when a visitor counts as absent."""

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.db import InterfaceError

from tests import patience
from tests.waitingroom.line import Line, join_call
from tests.waitingroom.pages import Page, with_hub
from waitingroom import admission, hints
from waitingroom.hub import Hub
from waitingroom.jobs.tell import Teller
from waitingroom.keys import keys_of
from waitingroom.models import WaitingRoom
from waitingroom.reasons import Reason
from waitingroom.redis import client, run_now
from waitingroom.room_registry import room_registry
from waitingroom.sign_ins import SignIns, sign_ins
from waitingroom.sockets import Socket, Sockets, cadence_s
from waitingroom.timing import LONGEST_PAUSE_MS, MIN_PRESENCE_SECONDS, RETURN_MS

Lines = Callable[..., Line]
Rooms = Callable[..., WaitingRoom]


def join(slug: str, *visitors: str) -> None:
    run_now([join_call(slug, visitor) for visitor in visitors])


def break_(slug: str) -> None:
    """Whatever the clock asks of this room is refused by Redis from now on."""
    client().delete(keys_of(slug).active)
    client().set(keys_of(slug).active, "no sorted set")


async def until(condition: Callable[[], object]) -> None:
    await asyncio.to_thread(patience.until, condition)


def says_good_bye(line: Line, visitor: str) -> bool:
    """Whether the visitor's last sign of life has been put back, so that the allowance for a return runs."""
    presence_ms = line.settings.presence_seconds * 1000
    return line.scores("seen")[visitor] <= time.time() * 1000 - presence_ms + RETURN_MS


def test_a_page_is_told_its_place_again_and_again(make_line: Lines):
    line = make_line(mode="paused")
    join(line.slug, "a", "b")

    async def play(hub: Hub) -> None:
        page = Page(hub, line.slug, "b")
        await page.hears("queue-position-update", times=3)
        assert {frame["position"] for frame in page.frames} == {2}

    with_hub(play)


@pytest.mark.parametrize("all_of_them", [False, True])
def test_b09_sockets_of_an_ended_sign_in_are_closed_and_say_no_good_bye(make_room: Rooms, all_of_them: bool):
    room, visitor = make_room(mode="paused"), "account-7"
    join(room.slug, visitor)
    sign_in = sign_ins.begin(visitor)
    elsewhere = SignIns()  # another process

    async def play(hub: Hub) -> None:
        copied, own = Page(hub, room.slug, visitor, sign_in), Page(hub, room.slug, visitor, "0-another")
        await own.hears("queue-position-update")
        began = time.monotonic()
        await (
            sync_to_async(elsewhere.end_all)(visitor) if all_of_them else sync_to_async(elsewhere.end)(visitor, sign_in)
        )
        await copied.is_closed()
        assert time.monotonic() - began < 2 + patience.BUSY_S
        assert copied.close_code == 4401
        hub.remove(copied.socket)  # as the consumer does, when the client has gone
        if all_of_them:
            await own.is_closed()
        else:
            await own.hears("queue-position-update", times=2)
            assert own.close_code is None
        assert client().zscore(keys_of(room.slug).present, visitor) is not None

    with_hub(play)


def test_a_page_that_reads_nothing_delays_nobody_else(make_line: Lines):
    line = make_line(mode="paused")
    join(line.slug, "deaf", "b")

    async def play(hub: Hub) -> None:
        deaf = Page(hub, line.slug, "deaf")
        deaf.stop_reading()
        page = Page(hub, line.slug, "b")
        await page.hears("queue-position-update", times=3)
        assert not deaf.frames

    with_hub(play)


def test_a_paused_line_says_so_in_every_update(make_line: Lines):
    line = make_line(mode="paused")
    join(line.slug, "a")

    async def play(hub: Hub) -> None:
        page = Page(hub, line.slug, "a")
        await page.hears("queue-position-update", times=2)
        assert all(frame["cause"] == "pause" for frame in page.frames)

    with_hub(play)


def test_who_was_not_reading_when_admitted_is_told_as_soon_as_he_does(make_line: Lines):
    line = make_line(mode="always")
    join(line.slug, "a", "b")

    async def play(hub: Hub) -> None:
        page, other = Page(hub, line.slug, "a"), Page(hub, line.slug, "b")
        page.stop_reading()
        await other.hears("queue-position-update")
        await sync_to_async(admission.admit)(line.slug, 2)
        await other.hears("queue-enter")
        page.read_again()
        await page.hears("queue-enter")
        assert [frame["type"] for frame in page.frames] == ["queue-position-update", "queue-enter"]

    with_hub(play)


def test_when_the_last_tab_closes_the_visitor_is_soon_absent(make_line: Lines):
    line = make_line(mode="paused")
    join(line.slug, "a")

    async def play(hub: Hub) -> None:
        one, other = Page(hub, line.slug, "a"), Page(hub, line.slug, "a")
        await one.hears("queue-position-update")
        hub.remove(one.socket)
        await other.hears("queue-position-update", times=3)
        assert not says_good_bye(line, "a")
        hub.remove(other.socket)
        await until(lambda: says_good_bye(line, "a"))

    with_hub(play)


def test_who_closes_the_page_after_being_told_to_enter_is_not_missed(make_line: Lines):
    line = make_line(mode="off")
    join(line.slug, "inside")
    line.configure(mode="always")
    join(line.slug, "a")

    async def play(hub: Hub) -> None:
        pages = [Page(hub, line.slug, visitor) for visitor in ("inside", "a")]
        await pages[0].hears("queue-enter")
        hub.remove(pages[0].socket)
        await pages[1].hears("queue-position-update", times=2)

    with_hub(play)

    assert list(line.scores("active")) == ["inside"]


def test_the_pages_of_a_closed_room_are_told_again_in_time_to_stay_present(make_line: Lines):
    line = make_line(mode="closed", presence_seconds=10)
    line.configure(mode="always")
    join(line.slug, "a")
    line.configure(mode="closed")

    async def play(hub: Hub) -> None:
        await Page(hub, line.slug, "a").hears("queue-closed", times=2)

    with_hub(play, within=40)

    line.now_us = time.time_ns() // 1000
    seen_ms = line.scores("seen")["a"]
    assert line.now_us // 1000 - seen_ms < 5_000


def test_the_pages_of_a_room_that_is_deleted_are_hung_up(make_room: Rooms):
    room = make_room(mode="paused")
    join(room.slug, "a")

    async def play(hub: Hub) -> None:
        page = Page(hub, room.slug, "a")
        await page.hears("queue-position-update")
        await sync_to_async(room.delete)()
        await page.is_closed()
        assert page.close_code in (4404, 4401)  # 4401 if the clock put settings back in that very moment

    with_hub(play)


def test_pages_alone_bring_lost_settings_back(make_room: Rooms):
    room = make_room(mode="paused")
    join(room.slug, "a")
    client().delete(keys_of(room.slug).config)

    async def play(hub: Hub) -> None:
        await Page(hub, room.slug, "a").hears("queue-position-update")

    with_hub(play)


def test_f30_a_lost_hint_costs_no_more_than_the_cadence(make_line: Lines):
    line = make_line(mode="paused")
    join(line.slug, "a")

    async def play(hub: Hub) -> None:
        page = Page(hub, line.slug, "a")
        await page.hears("queue-position-update")
        line.now_us = time.time_ns() // 1000
        line.leave("a", Reason.DROPPED)  # by the script alone: no hint
        await page.hears("queue-left")
        await page.is_closed()
        assert page.close_code == 4401

    with_hub(play)  # without the cadence never


def test_f25_a_room_that_is_hidden_is_closed_to_its_line_which_goes_on_when_it_is_shown_again(make_room: Rooms):
    room = make_room(mode="paused")
    join(room.slug, "a", "b")

    async def play(hub: Hub) -> None:
        page = Page(hub, room.slug, "b")
        await page.hears("queue-position-update")
        await sync_to_async(room.hide)(hidden=True)
        await page.hears("queue-closed")
        assert (await sync_to_async(admission.status)([room.slug]))[0].mode == "closed"  # which lets nobody in
        await sync_to_async(room.hide)(hidden=False)
        await until(lambda: page.frames[-1]["type"] != "queue-closed")
        assert page.frames[-1].items() >= {"type": "queue-position-update", "position": 2, "mode": "paused"}.items()
        assert page.close_code is None

    with_hub(play)


def test_a_hint_that_makes_no_sense_deafens_nobody(make_line: Lines, caplog: pytest.LogCaptureFixture):
    line = make_line(mode="always")
    join(line.slug, *(f"visitor-{i}" for i in range(10)))
    far = 5001  # told every eight seconds without a hint
    client().zadd(line.keys.queue, {f"before-{i}": i for i in range(far)})

    async def play(hub: Hub) -> None:
        page = Page(hub, line.slug, "visitor-9")
        await page.hears("queue-position-update")
        layer = get_channel_layer()
        await layer.group_send(hints.GROUP, {"type": "look"})
        await until(lambda: not hub.states["hear"].is_well)
        await sync_to_async(admission.leave)(line.slug, "visitor-9", Reason.DROPPED)
        async with asyncio.timeout(6):
            await page.hears("queue-left")

    with_hub(play, within=30)
    assert "KeyError" in caplog.text


def test_a_visitor_whom_telling_failed_is_told_later(
    make_line: Lines, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    line = make_line(mode="paused")
    join(line.slug, "a")
    whole, failures = Teller._look, iter([ValueError("no sense"), KeyError("none")])

    async def look(self: Teller, *args: Any) -> None:
        if error := next(failures, None):
            raise error
        await whole(self, *args)

    monkeypatch.setattr(Teller, "_look", look)

    async def play(hub: Hub) -> None:
        await Page(hub, line.slug, "a").hears("queue-position-update")

    with_hub(play)
    assert "no sense" in caplog.text


@pytest.mark.parametrize("error", [InterfaceError("connection already closed"), KeyError("none"), OSError("gone")])
def test_the_stand_in_ticks_on_whatever_was_raised_once(
    make_room: Rooms, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
):
    room = make_room(mode="always")
    join(room.slug, "a")
    whole, errors = room_registry.slugs, iter([error])

    def slugs() -> list[str]:
        if failure := next(errors, None):
            raise failure
        return whole()

    monkeypatch.setattr(room_registry, "slugs", slugs)

    async def play(hub: Hub) -> None:
        await Page(hub, room.slug, "a").hears("queue-enter")
        assert (hub.states["stand in"].failures, hub.states["stand in"].error) == (1, repr(error))

    with_hub(play)
    assert "the job 'stand in' failed, and is begun anew" in caplog.text
    # What a dependency says of itself needs no traceback (tiketi/logs.py); a fault of ours does.
    assert ("Traceback" in caplog.text) != isinstance(error, InterfaceError)


def test_one_rooms_failure_stops_no_other(make_room: Rooms, caplog: pytest.LogCaptureFixture):
    rooms = [make_room(mode="always") for _ in range(3)]
    for room in rooms:
        join(room.slug, "a")
    break_(rooms[1].slug)

    async def play(hub: Hub) -> None:
        await asyncio.gather(*(Page(hub, room.slug, "a").hears("queue-enter") for room in (rooms[0], rooms[2])))

    with_hub(play)
    assert caplog.text.count(f"in {rooms[1].slug}: LineUnavailable") == 1


def test_one_rooms_failure_stops_no_others_clock(make_room: Rooms, caplog: pytest.LogCaptureFixture):
    rooms = [make_room(mode="always", users_per_minute_per_instance=1_000_000) for _ in range(3)]
    for room in rooms:
        join(room.slug, "a")
    break_(rooms[1].slug)
    admission.tick(rooms)  # from now on tokens grow

    assert admission.tick(rooms) == {rooms[0].slug: ["a"], rooms[2].slug: ["a"]}
    assert f"no tick in {rooms[1].slug}" in caplog.text


def test_a_page_that_pauses_as_long_as_it_may_is_back_before_it_counts_as_absent():
    assert LONGEST_PAUSE_MS + 1000 < RETURN_MS < 1000 * MIN_PRESENCE_SECONDS


async def test_what_is_said_once_is_never_dropped_and_keeps_its_order():
    sent: list[object] = []
    flowing = asyncio.Event()

    async def send(message: dict[str, object]) -> None:
        await flowing.wait()
        sent.append(message.get("text", message.get("code")))

    socket = Socket(asyncio.get_running_loop(), "room", "a", send)
    socket.push(b"1")
    socket.push(b"2")
    socket.tell("enter")
    socket.push(b"3")
    socket.finish(1000)
    flowing.set()
    await until(lambda: len(sent) == 3)

    assert sent == ["1", "enter", 1000]


async def test_a_visitor_who_hangs_up_while_being_told_breaks_nothing():
    async def send(message: dict[str, object]) -> None:
        raise RuntimeError("after the close")

    socket = Socket(asyncio.get_running_loop(), "room", "a", send)
    socket.tell("enter")
    socket.finish(1000)
    await until(lambda: socket._sending is not None and socket._sending.done())


def silent(visitor: str) -> Socket:
    async def send(_: dict[str, object]) -> None:
        """Nobody listens."""

    return Socket(asyncio.get_running_loop(), "room", visitor, send)


async def test_each_visitor_is_due_once_however_often_woken():
    sockets = Sockets()
    for visitor in ("a", "b"):
        sockets.add(silent(visitor), now=0)
    for _ in range(100):
        sockets.wake(["a", "stranger"], now=1)

    assert sorted(sockets.take_due(1)) == ["a", "b"]
    assert sockets.take_due(2) == []
    sockets.schedule("a", 5)
    assert sockets.take_due(4.9) == []
    assert sockets.take_due(5) == ["a"]


async def test_a_change_for_all_is_told_within_a_second_and_to_nobody_twice():
    sockets = Sockets()
    for i in range(1000):
        sockets.add(silent(f"visitor-{i}"), now=0)
        sockets.schedule(f"visitor-{i}", 100)
    sockets.unschedule("visitor-7")  # told to enter: nothing comes on the clock any more

    sockets.wake(None, now=10)

    due = [sockets.take_due(10 + tenth / 10) for tenth in range(1, 11)]
    assert all(len(some) < 300 for some in due)  # spread
    assert sorted(itertools.chain(*due)) == sorted(f"visitor-{i}" for i in range(1000) if i != 7)


async def test_closing_sockets_leaves_nothing_behind():
    sockets = Sockets()
    opened = [silent("a"), silent("a"), silent("b")]
    for socket in opened:
        sockets.add(socket, now=0)
    assert len(sockets) == 3
    for socket in [*opened, *opened]:
        sockets.remove(socket)

    assert (len(sockets), sockets.by_visitor) == (0, {})
    assert sorted(sockets.take_left()) == ["a", "b"]
    assert sockets.take_left() == []
    assert sockets.take_due(10) == []


def test_the_slowest_cadence_keeps_a_visitor_present_twice_over():
    slowest = max(cadence_s(position, 1e9) for position in (1, 1000, 1001, 5000, 5001, 10**6))

    assert 2 * slowest < MIN_PRESENCE_SECONDS < WaitingRoom._meta.get_field("presence_seconds").default
    assert cadence_s(1, 0) <= 1


def test_who_will_soon_be_near_the_front_is_told_as_soon_as_that():
    assert cadence_s(1_200, 2.0) == 2
    assert cadence_s(1_001, 0.0) == 1
