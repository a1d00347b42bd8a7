"""The log during an outage."""

import logging
from collections.abc import Iterator

import pytest
from django.db import OperationalError

from tiketi import logs
from tiketi.repetitions import Repetitions
from waitingroom.errors import LineUnavailable


@pytest.fixture
def written() -> Iterator[list[str]]:
    """The lines that reach the console from the logger `trouble`."""
    lines: list[str] = []

    class Console(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.extend(logging.Formatter("%(message)s").format(record).splitlines())

    handler = Console()
    handler.addFilter(logs.Outages())
    handler.addFilter(Repetitions())
    logger = logging.getLogger("trouble")
    logger.propagate = False
    logger.addHandler(handler)
    yield lines
    logger.removeHandler(handler)
    logger.propagate = True


def fail(error: Exception) -> None:
    log = logging.getLogger("trouble")
    try:
        raise error
    except type(error):
        log.exception("%s failed", "settle")


def test_an_outage_is_one_line_and_said_once_in_ten_seconds(written: list[str], monkeypatch: pytest.MonkeyPatch):
    clock = [100.0]
    monkeypatch.setattr("tiketi.logs.time.monotonic", lambda: clock[0])
    for _ in range(50):
        fail(OperationalError("connection refused\nIs the server running?"))
    assert written == ["settle failed: OperationalError: connection refused"]

    clock[0] += 10
    fail(OperationalError("connection refused"))
    assert written[1:] == ["settle failed: OperationalError: connection refused (49 more like this)"]


def test_an_outage_that_a_sentence_tells_of_is_said_as_seldom(written: list[str]):
    for i in range(20):
        logging.getLogger("trouble").warning("tick: %s", LineUnavailable(f"no answer {i}"))

    assert written == ["tick: no answer 0; not confirmed, safe to ask again"]


def test_a_mistake_of_the_code_keeps_its_traceback_every_time(written: list[str]):
    for _ in range(2):
        fail(ValueError("a mistake"))

    assert sum(line.startswith("Traceback") for line in written) == 2


def test_a_flood_of_one_kind_is_written_a_few_times_and_counted(written: list[str], monkeypatch: pytest.MonkeyPatch):
    clock = [100.0]
    monkeypatch.setattr("tiketi.repetitions.time.monotonic", lambda: clock[0])
    log = logging.getLogger("trouble")

    def not_found(path: str, status: int = 404) -> None:
        log.warning("%s: %s", status, path, extra={"status_code": status})

    for i in range(1_000):
        not_found(f"/{i}")
    assert written == ["404: /0", "404: /1", "404: /2", "404: /3", "404: /4 (more like this are counted)"]
    not_found("/x", 403)
    log.warning("something else")
    assert written[5:] == ["403: /x", "something else"]
    clock[0] += 10
    not_found("/again")
    assert written[7:] == ["404: /again (995 more like this)"]


def test_one_mistake_does_not_hide_another(written: list[str]):
    for _ in range(100):
        fail(ValueError("a mistake"))
    try:
        _ = dict[str, str]()["key"]
    except KeyError:
        logging.getLogger("trouble").exception("%s failed", "settle")

    assert sum(line == "ValueError: a mistake" for line in written) == 5
    assert "KeyError: 'key'" in written


def test_a_flood_of_kinds_fills_no_memory(written: list[str]):
    repetitions = Repetitions()
    for i in range(5_000):
        record = logging.LogRecord("trouble", logging.WARNING, __file__, i, "x", None, None)
        assert repetitions.filter(record)
    assert len(repetitions._kinds) <= 1_000
