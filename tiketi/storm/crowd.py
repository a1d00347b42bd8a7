"""Lets visitors arrive over a span of time, and sees all of them to their end."""

import asyncio
import random
import resource
import signal
import time
from dataclasses import dataclass, field

from tiketi.storm.browser import Browser
from tiketi.storm.diary import Diary
from tiketi.storm.forecast import Forecast
from tiketi.storm.run import Run
from tiketi.storm.scene import Scene, Tally, now_ms
from tiketi.storm.visitor import Visitor

MAX_WITNESSES = 50


@dataclass(slots=True)
class Crowd:
    """The visitors of one storm; tally, diaries and who is present grow while it runs."""

    forecast: Forecast
    tally: Tally = field(default_factory=Tally)
    diaries: list[Diary] = field(default_factory=list)
    present: dict[str, float] = field(default_factory=dict)  # see Scene
    witnesses: list[Browser] = field(default_factory=list)  # of some visitors, for what their receipts say
    _late_ms: list[float] = field(default_factory=list)

    async def run(self) -> Run:
        """From the first arrival to the last farewell, or until time or patience is over."""
        began_ms, began_cpu = now_ms(), _cpu_seconds()
        cut_short = ""
        rush = asyncio.create_task(self._rush())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, rush.cancel)
        try:
            async with asyncio.timeout(self.forecast.timeout):
                await rush
        except TimeoutError:
            cut_short = "timeout"
        except asyncio.CancelledError:
            cut_short = "interrupt"
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)
        return Run(
            began_ms,
            now_ms(),
            self._late_ms,
            _cpu_seconds() - began_cpu,
            cut_short,
            self.forecast.was_patient,
            self.forecast.site.requests.took_ms,
        )

    async def _rush(self) -> None:
        forecast = self.forecast
        chance = random.Random()  # noqa: S311  (whose habits are whose guards no secret)
        async with asyncio.TaskGroup() as tasks:
            scene = Scene(forecast, chance, tasks, self.tally, self.present)
            began = time.monotonic()
            for index in range(forecast.visitors):
                due = began + forecast.arrive_in * index / forecast.visitors
                if (early := due - time.monotonic()) > 0:
                    await asyncio.sleep(early)
                self._late_ms.append(max(0.0, (time.monotonic() - due) * 1000))
                visitor = Visitor(scene, forecast.buyers[index] if forecast.buyers else None)
                self.diaries.append(visitor.diary)
                if index * MAX_WITNESSES // forecast.visitors == len(self.witnesses):
                    self.witnesses.append(visitor.browser)
                tasks.create_task(visitor.live())


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
