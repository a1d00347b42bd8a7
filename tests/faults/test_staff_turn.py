"""Staff turn the settings, or the room away, under a crowd."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from tests.faults.crowd import Page, close, many_files, opened
from tests.patience import until
from tests.waitingroom.line import Line, join_call, names
from tests.waitingroom.web import Web, serving
from waitingroom.keys import keys_of
from waitingroom.models import WaitingRoom
from waitingroom.redis import client, run_now


def test_f22_a_threshold_cut_from_a_thousand_to_fifty_moves_nobody_out_and_no_place_back(
    make_line: Callable[..., Line],
):
    line = make_line(threshold=300, users_per_minute_per_instance=30_000)
    line.fill(*names(500))
    inside, waiting = names(300), names(200, start=300)
    line.configure(threshold=1_000, users_per_minute_per_instance=600)
    line.pass_s(1)
    inside += line.tick()
    waiting = [visitor for visitor in waiting if visitor not in inside]
    places = line.where(*waiting)

    line.configure(threshold=50)

    while len(inside) > 45:
        line.pass_s(1)
        admitted = line.tick()
        assert not admitted or len(inside) < 50
        inside += admitted
        waiting = [visitor for visitor in waiting if visitor not in admitted]
        assert set(line.scores("active")) == set(inside)
        now = line.where(*waiting)
        before = places[-len(waiting) :]
        assert all(int(place) <= int(was) for place, was in zip(now, before, strict=True))
        places = now
        for visitor in inside[:7]:
            line.leave(visitor)
        inside = inside[7:]
        for visitor in inside:
            line.enter(visitor)
    line.pass_s(1)
    assert line.tick() == waiting[: 50 - len(inside)]


def test_f24_pausing_closing_and_reopening_amid_a_crowd_keep_the_order_exactly(
    make_room: Callable[..., WaitingRoom], tmp_path: Path
):
    room = make_room(mode="always", users_per_minute_per_instance=60, presence_seconds=600, claim_seconds=600)
    keys, numbers = keys_of(room.slug), dict[str, int]()

    def join(visitors: list[str]) -> list[str]:
        answers = run_now([join_call(room.slug, visitor) for visitor in visitors])
        numbers.update({visitor: int(answer[1]) for visitor, answer in zip(visitors, answers, strict=True)})
        return visitors

    def state(field: str) -> int:
        return int(cast("bytes", client().hget(keys.state, field) or 0))

    async def played(web: Web) -> None:
        pages, listening = await opened(web, room.slug, join(names(150)))
        for mode in ("paused", "closed", "always", "paused", "closed", "paused", "always"):
            room.mode = mode
            await room.asave()
            await asyncio.to_thread(until, lambda mode=mode: all(is_told(page, mode) for page in pages))  # type: ignore[misc]
            if mode != "closed":
                join(names(5, start=len(numbers)))
            admitted, ticked_ms = state("admitted"), state("tick_at_ms")
            await asyncio.to_thread(until, lambda at_ms=ticked_ms: state("tick_at_ms") > at_ms + 1_500)  # type: ignore[misc]
            assert (state("admitted") > admitted) == (mode == "always")
        room.users_per_minute_per_instance = 1_200
        await room.asave()
        await asyncio.to_thread(until, lambda: client().zcard(keys.entered) == len(numbers))
        await close(pages, listening)

    with serving(tmp_path) as web:
        until(lambda: web.knows(room.slug))
        asyncio.run(played(web))

    rows = cast("list[tuple[bytes, float]]", client().zrange(keys.entered, 0, -1, withscores=True))
    at_ms = {visitor.decode(): at for visitor, at in rows}
    assert len(numbers) == 175
    instants = [at_ms[visitor] for visitor in sorted(numbers, key=lambda visitor: numbers[visitor])]
    assert instants == sorted(instants)
    assert (state("joined"), state("admitted"), client().zcard(keys.gone)) == (175, 175, 0)


def is_told(page: Page, mode: str) -> bool:
    """Whether the page, if its visitor still waits, read last that the room is so."""
    last = page.said[-1]
    closed = {"type": "queue-closed"}.items() <= last.items()
    return "queue-enter" in page.types() or (closed if mode == "closed" else last.get("mode") == mode)


@pytest.mark.parametrize("how", ["closed", "deleted"])
def test_f25_a_thousand_who_wait_hear_within_ten_seconds_that_it_is(
    make_room: Callable[..., WaitingRoom], tmp_path: Path, how: str
):
    room = make_room(mode="paused", presence_seconds=60)
    visitors = names(1_000)
    run_now([join_call(room.slug, visitor) for visitor in visitors])
    keys = keys_of(room.slug).all()

    async def told(web: Web) -> list[Page]:
        pages, listening = await opened(web, room.slug, visitors)
        if how == "closed":
            room.mode = "closed"
            await room.asave()
        else:
            await room.adelete()
        async with asyncio.timeout(10):
            if how == "deleted":
                await asyncio.gather(*listening)
            for page in pages:
                while page.code is None and "queue-closed" not in page.types():
                    page.heard.clear()
                    await page.heard.wait()
        for page in pages:
            await page.socket.close()
        return pages

    with many_files(), serving(tmp_path) as web:
        until(lambda: web.knows(room.slug))
        pages = asyncio.run(told(web))

    if how == "deleted":
        assert {page.code for page in pages} == {4404}
        assert client().exists(*keys) == 0
    else:
        assert client().zcard(keys_of(room.slug).queue) == 1_000
