"""Staff turn the settings, or the room away, under a crowd."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.crowd import Page, many_files, opened
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
