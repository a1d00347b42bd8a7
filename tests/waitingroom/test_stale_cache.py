"""The cache that never keeps a crowd waiting for what it knows already."""

import asyncio
import time
from collections.abc import Callable

import pytest

from tests import patience
from waitingroom.stale_cache import StaleCache


class Source:
    """Counts how often it is asked; answers when it is let."""

    def __init__(self, *, fresh_s: float, stale_s: float = 60) -> None:
        self.asked = 0
        self.answers = asyncio.Event()
        self.answers.set()
        self.error: Exception | None = None
        self.cache: StaleCache[str, int] = StaleCache(self.ask, fresh_s=fresh_s, stale_s=stale_s)

    async def ask(self, key: str) -> int:
        self.asked += 1
        number = self.asked
        await self.answers.wait()
        if self.error:
            raise self.error
        self.cache.keep(key, number)
        return number


async def until(condition: Callable[[], object]) -> None:
    await asyncio.to_thread(patience.until, condition)


async def test_a_crowd_asks_once():
    source = Source(fresh_s=60)

    assert await asyncio.gather(*(source.cache.get("key") for _ in range(1000))) == [1] * 1000
    assert await source.cache.get("key") == 1
    assert source.asked == 1


async def test_an_old_value_is_given_at_once_while_one_question_is_under_way():
    source = Source(fresh_s=0.05)
    await source.cache.get("key")
    source.answers.clear()
    await asyncio.sleep(0.06)

    assert [await source.cache.get("key") for _ in range(100)] == [1] * 100
    await asyncio.sleep(0.1)
    assert source.cache.remembered("key") == 1
    assert source.asked == 2
    source.answers.set()
    await until(lambda: source.cache.peek("key") == 2)


async def test_a_value_that_is_too_old_is_waited_for():
    source = Source(fresh_s=0.01, stale_s=0.02)
    await source.cache.get("key")
    await asyncio.sleep(0.03)

    assert await source.cache.get("key") == 2


async def test_nobody_waits_longer_than_asked_and_the_question_goes_on():
    source = Source(fresh_s=60)
    source.answers.clear()

    took = []
    for _ in range(5):
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            await source.cache.get("key", within_s=1)
        took.append(time.monotonic() - began)
    assert took[0] > 0.9
    assert min(took) < 0.5  # of a busy machine's the quickest
    source.answers.set()

    await until(lambda: source.cache.peek("key") == 1)
    assert source.asked == 1


async def test_a_source_that_fails_is_asked_again_no_sooner_than_the_value_ages():
    source = Source(fresh_s=60, stale_s=120)
    await source.cache.get("key")
    source.error = OSError("gone")
    source.cache.doubt("key")

    for _ in range(50):
        assert await source.cache.get("key") == 1
        await asyncio.sleep(0)
    assert source.asked == 2


async def test_a_corrected_value_is_no_fresher():
    source = Source(fresh_s=60)
    source.cache.correct("key", 7)
    assert source.cache.peek("key") is None
    await source.cache.get("key")
    source.cache.doubt("key")

    source.cache.correct("key", 7)

    assert source.cache.peek("key") == 7
    assert not source.cache.is_fresh("key")


async def test_a_thread_without_a_loop_is_given_what_is_remembered():
    source = Source(fresh_s=0)
    await source.cache.get("key")

    assert await asyncio.to_thread(source.cache.remembered, "key") == 1
    assert source.asked == 1


async def test_a_question_that_failed_long_ago_says_nothing_of_now(monkeypatch):
    source, now = Source(fresh_s=1), 1000.0
    monkeypatch.setattr("waitingroom.stale_cache.time.monotonic", lambda: now)
    source.cache.keep("key", 1)
    source.error = OSError("locked")
    now += 2
    with pytest.raises(OSError, match="locked"):
        await source.cache.asked("key")

    now += 60  # in which nobody asked
    source.answers.clear()
    asking = asyncio.ensure_future(source.cache.asked("key"))
    await asyncio.sleep(0)
    assert source.cache.unanswered_s("key") == 0
    now += 4
    assert source.cache.unanswered_s("key") == 4
    source.answers.set()
    with pytest.raises(OSError, match="locked"):
        await asking
    now += 1.5
    with pytest.raises(OSError, match="locked"):  # asked again and again, it is one silence
        await source.cache.asked("key")
    assert source.cache.unanswered_s("key") == 5.5
