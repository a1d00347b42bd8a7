"""Who asks to watch the console while the database says nothing: bounded, and not for ever."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from channels.testing import WebsocketCommunicator

from tiketi.console import consumers
from tiketi.console.consumers import SaleConsumer
from tiketi.console.feed import feed
from tiketi.console.rights import ConsoleRight
from waitingroom.blocking import BlockingThread
from waitingroom.consumers import CLOSE_AWAY
from waitingroom.jobs.tell import CLOSE_TOO_MANY

asked: list[str] = []
answers = threading.Event()


class Unanswered(SaleConsumer):
    """Whose question hangs until the database answers."""

    def asks(self, session_key: str) -> ConsoleRight | None:
        """Nothing, once it does."""
        asked.append(session_key)
        answers.wait(30)
        return None


@pytest.fixture(autouse=True)
def _database_that_hangs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    asked.clear()
    answers.clear()
    monkeypatch.setattr(consumers, "_rights", BlockingThread("console-rights"))
    yield
    answers.set()


async def asking(name: str) -> WebsocketCommunicator:
    """One who has connected, with a session of that name."""
    headers = [(b"cookie", f"sessionid={name}".encode())]
    one = WebsocketCommunicator(Unanswered.as_asgi(), "/ws/console/sale/", headers=headers)
    one.scope["url_route"] = {"kwargs": {"room": "sale"}}
    one.scope["query_string"] = b""
    await one.connect(timeout=10)
    return one


async def code_of(one: WebsocketCommunicator) -> int:
    """The code it is closed with."""
    message = await one.receive_output(timeout=10)
    assert message["type"] == "websocket.close"
    return int(message["code"])


async def test_who_asks_is_counted_and_one_too_many_is_not_asked_about(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(consumers, "MAX_WATCHERS", 3)
    those = [await asking(f"session-{i}") for i in range(3)]

    assert await code_of(await asking("one-more")) == CLOSE_TOO_MANY

    answers.set()
    assert [await code_of(one) for one in those] == [consumers.CLOSE_NO_RIGHT] * 3
    assert "one-more" not in asked
    assert len(feed()) == 0


async def test_a_question_that_hangs_ends_and_is_taken_back(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(consumers, "ASKED_SECONDS", 0.2)
    those = [await asking(f"session-{i}") for i in range(3)]

    assert [await code_of(one) for one in those] == [CLOSE_AWAY] * 3

    assert len(feed()) == 0
    answers.set()
    await asyncio.wrap_future(consumers._rights.submit(lambda: None))  # whatever was queued before it is done by now
    assert asked == ["session-0"]
