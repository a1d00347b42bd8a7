"""Jobs that never end, whatever they raise."""

import asyncio
from collections.abc import Callable

import pytest

from tests import patience
from waitingroom import supervisor
from waitingroom.supervisor import Job, Supervisor


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begun anew without a second's pause."""
    monkeypatch.setattr(supervisor, "RESTART_SECONDS", 0.01)


async def until(condition: Callable[[], object]) -> None:
    await asyncio.to_thread(patience.until, condition)


@pytest.mark.parametrize("error", [KeyError("room"), RuntimeError("no loop"), asyncio.CancelledError(), MemoryError()])
async def test_a_job_is_begun_anew_whatever_it_raises(error: BaseException, caplog: pytest.LogCaptureFixture):
    turns = 0

    async def turn() -> None:
        nonlocal turns
        turns += 1
        if turns <= 2:
            raise error

    jobs = Supervisor([Job("fickle", turn, 0.01)])
    jobs.start()
    await until(lambda: turns > 4)
    await jobs.stop()

    state = jobs.states["fickle"]
    assert (state.failures, state.error, state.is_well) == (2, repr(error), False)
    assert caplog.text.count("'fickle' failed") == 2
    assert "Traceback" in caplog.text


async def test_one_job_that_fails_disturbs_no_other():
    turns = 0

    async def fails() -> None:
        raise ValueError("always")

    async def turn() -> None:
        nonlocal turns
        turns += 1

    jobs = Supervisor([Job("broken", fails, 0.01), Job("sound", turn, 0.01)])
    jobs.start()
    await until(lambda: turns > 10)
    await jobs.stop()

    assert jobs.states["sound"].is_well
    assert not jobs.states["broken"].is_well


async def test_a_job_that_hangs_in_a_turn_is_not_well_unless_its_turns_may_last(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(supervisor, "UNWELL_SECONDS", 0.05)
    goes_on = asyncio.Event()

    async def turn() -> None:
        await goes_on.wait()

    jobs = Supervisor([Job("stuck", turn, 0.01), Job("listens", turn, 0)])
    jobs.start()
    await until(lambda: not jobs.states["stuck"].is_well)

    assert (jobs.states["stuck"].trouble, jobs.states["listens"].trouble) == (supervisor.HANGS, "")
    goes_on.set()
    await until(lambda: jobs.states["stuck"].is_well)
    await jobs.stop()


async def test_what_was_ended_is_begun_again_and_what_runs_is_left_alone():
    begun = 0
    goes_on = asyncio.Event()

    async def turn() -> None:
        nonlocal begun
        begun += 1
        await goes_on.wait()

    jobs = Supervisor([Job("patient", turn, 0)])
    for _ in range(3):
        jobs.start()
    await until(lambda: begun == 1)
    await jobs.stop()
    jobs.start()
    await until(lambda: begun == 2)
    await jobs.stop()
