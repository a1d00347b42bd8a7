"""One storm from the first visitor to the report."""

import asyncio
import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from tiketi.storm import progress
from tiketi.storm.crowd import Crowd, Forecast
from tiketi.storm.ground import knock
from tiketi.storm.habits import Habits
from tiketi.storm.report import Report
from tiketi.storm.site import Site
from tiketi.storm.verdict import Run, Sales, judge
from tiketi.storm.watch import Watch
from waitingroom.reasons import Reason
from waitingroom.redis import MOST_IN_A_PIPELINE, LineUnavailable, run_now
from waitingroom.room import leave_call

AFTERMATH = 0.5  # seconds until the last farewells have reached Redis


async def storm(
    site: Site, slug: str, forecast: Forecast, habits: Habits, redis_url: str, idle_seconds: float
) -> Report:
    """Let it rage, and judge; raises CannotStorm, and RedisError when Redis is away at the beginning."""
    await knock(site, slug)
    crowd, watch = Crowd(forecast), Watch(redis_url, slug)
    watch.start()
    bar = asyncio.create_task(progress.show(forecast.visitors, crowd.tally, watch.findings))
    try:
        with no_collections():
            run: Run = await crowd.run(site, slug, habits, idle_seconds)
        await asyncio.sleep(AFTERMATH)
    finally:
        bar.cancel()
        with suppress(asyncio.CancelledError):
            await bar
        findings = watch.stop()
    if run.cut_short:
        send_home(slug, [diary.visitor for diary in crowd.diaries if diary.visitor and diary.left_at is None])
    return judge(crowd.diaries, crowd.tally, findings, run, Sales())


@contextmanager
def no_collections() -> Iterator[None]:
    """Leave garbage cycles alone: one collection among ten thousand visitors stops all of them for half a second."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def send_home(slug: str, visitors: Sequence[str]) -> None:
    """Give up the places of visitors who were stopped, lest they block the room until they idle out."""
    with suppress(LineUnavailable):
        for i in range(0, len(visitors), MOST_IN_A_PIPELINE):
            run_now([leave_call(slug, visitor, Reason.LEFT) for visitor in visitors[i : i + MOST_IN_A_PIPELINE]])
