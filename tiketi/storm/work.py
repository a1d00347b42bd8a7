"""The work that a room may ask of newcomers, done as their browsers would do it, but by one thread for all of them."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from altcha import Challenge, Payload, solve_challenge

# One: the storm's own pace must not suffer more than it has to.
_worker = ThreadPoolExecutor(1, "storm-work")


async def solved(challenge: dict[str, Any]) -> str:
    """The challenge's solution as the site wants it handed in."""
    return await asyncio.get_running_loop().run_in_executor(_worker, _solved, challenge)


def _solved(challenge: dict[str, Any]) -> str:
    read = Challenge.from_dict(challenge)
    solution = solve_challenge(read, timeout=0)
    assert solution is not None  # noqa: S101 (there is no limit in time)
    return Payload(read, solution).to_base64()
