"""Jobs that must never end: each a turn done again and again, begun anew whatever it raises."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

log = logging.getLogger(__name__)

RESTART_SECONDS = 1.0
# A job that failed within so many seconds, or hangs in a turn for so long, is not well.
UNWELL_SECONDS = 10.0
HANGS = "hangs"


class Job(NamedTuple):
    """Something a process does for ever: `turn`, every so many seconds."""

    name: str
    turn: Callable[[], Awaitable[None]]
    every_s: float  # 0: a turn lasts as long as it likes


@dataclass
class JobState:
    """How a job fares; instants by the process's monotonic clock."""

    failures: int = 0
    error: str = ""  # the last one
    failed_at: float = float("-inf")
    turned_at: float = float("-inf")  # the last turn that went well
    turning_since: float = float("inf")  # where a turn is to end soon

    @property
    def trouble(self) -> str:
        """The error of late, or that it hangs; empty if it is well."""
        now = time.monotonic()
        if now - self.failed_at <= UNWELL_SECONDS:
            return self.error
        return HANGS if now - self.turning_since > UNWELL_SECONDS else ""

    @property
    def is_well(self) -> bool:
        """Whether it did not fail of late, and goes on."""
        return not self.trouble


class Supervisor:
    """Keeps the jobs of one event loop going."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.states = {job.name: JobState() for job in jobs}
        self._jobs = jobs
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Begin every job that is not under way."""
        for job in self._jobs:
            task = self._tasks.get(job.name)
            if task is None or task.done():
                self._tasks[job.name] = asyncio.create_task(self._keep(job), name=f"waitingroom {job.name}")

    async def stop(self) -> None:
        """End every job."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()

    async def _keep(self, job: Job) -> None:
        state, me = self.states[job.name], asyncio.current_task()
        while True:
            await asyncio.sleep(job.every_s)
            try:
                if job.every_s:
                    state.turning_since = time.monotonic()
                await job.turn()
                state.turned_at = time.monotonic()
            except (Exception, asyncio.CancelledError) as error:
                if me is not None and me.cancelling():
                    raise  # it is this task that is to end, not something the job waited for
                log.exception("the job %r failed, and is begun anew", job.name)
                state.failures += 1
                state.error, state.failed_at = repr(error), time.monotonic()
                await asyncio.sleep(RESTART_SECONDS)
            finally:
                state.turning_since = float("inf")
