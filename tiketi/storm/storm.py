"""One storm from the first visitor to the report."""

import asyncio
import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from tiketi.storm import progress
from tiketi.storm.crowd import Crowd
from tiketi.storm.diary import Diary
from tiketi.storm.findings import Findings
from tiketi.storm.forecast import Forecast
from tiketi.storm.ground import knock
from tiketi.storm.liveness import Liveness
from tiketi.storm.lots import Files, fetch, read
from tiketi.storm.opening import judge_opening, settle
from tiketi.storm.report import Report
from tiketi.storm.run import NOTHING_SOLD, Run, Sales
from tiketi.storm.scene import Tally
from tiketi.storm.verdict import judge
from tiketi.storm.watch import Watch
from waitingroom.errors import LineUnavailable
from waitingroom.reasons import Reason
from waitingroom.redis import run_now
from waitingroom.redis_blocking import MAX_PIPELINE
from waitingroom.room import leave_call

SETTLING = 0.5  # seconds until the last farewells have reached Redis


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What is left of a storm, for the verdict."""

    diaries: Sequence[Diary]
    tally: Tally
    findings: Findings
    liveness: Liveness
    run: Run
    files: Files | None = None  # of a draw

    def judge(self, forecast: Forecast, sales: Sales = NOTHING_SOLD) -> Report:
        """The report."""
        opening = None
        if appointed := forecast.appointed:
            lots = read(forecast.slug, self.files) if self.files else None
            if lots:
                settle(self.diaries, lots)
            opening = judge_opening(appointed, self.diaries, self.findings, self.run, forecast.site.requests, lots)
        return judge(self.diaries, self.tally, self.findings, self.liveness, self.run, sales, opening)


async def storm(forecast: Forecast, redis_url: str) -> Aftermath:
    """Let it rage; raises CannotStorm, and RedisError when Redis is away at the beginning."""
    await knock(forecast.site, forecast.slug)
    crowd = Crowd(forecast)
    watch = Watch(redis_url, forecast.slug, crowd.present)
    watch.start()
    bar = asyncio.create_task(progress.show(forecast.visitors, crowd.tally, watch.findings))
    with no_collections():
        try:
            run = await crowd.run()
            await asyncio.sleep(SETTLING)
        finally:
            bar.cancel()
            with suppress(asyncio.CancelledError):
                await bar
            findings = watch.stop()
    if run.cut_short:
        send_home(forecast.slug, [diary.visitor for diary in crowd.diaries if diary.visitor and diary.left_at is None])
    files = None
    if forecast.appointed and forecast.appointed.is_drawn:
        files = await fetch(forecast.site, forecast.slug, crowd.witnesses)
    return Aftermath(crowd.diaries, crowd.tally, findings, watch.liveness, run, files)


@contextmanager
def no_collections() -> Iterator[None]:
    """Leave garbage cycles alone: one among ten thousand visitors stops them, and the witness, for half a second."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def send_home(slug: str, visitors: Sequence[str]) -> None:
    """Give up the places of visitors who were stopped, lest they block the room until they idle out."""
    with suppress(LineUnavailable):
        for i in range(0, len(visitors), MAX_PIPELINE):
            run_now([leave_call(slug, visitor, Reason.LEFT) for visitor in visitors[i : i + MAX_PIPELINE]])
