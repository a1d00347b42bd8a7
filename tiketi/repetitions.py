"""The log in a flood: lines of one kind are written a few times, and then counted."""

import logging
import time
import traceback

SECONDS, MAX_LINES = 10.0, 5
MAX_KINDS = 1_000


class Repetitions(logging.Filter):
    """For a handler: five lines of a kind in ten seconds; the first one afterwards says how many were not written.

    A kind is the place in the code that writes, with the answer's status and the place of the error, if there are any:
    not the words, which are often a visitor's.
    """

    def __init__(self) -> None:
        super().__init__()
        self._kinds: dict[tuple[object, ...], tuple[float, int]] = {}  # since when, and how often from then on

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write it."""
        if record.name.startswith("django.security"):
            record.exc_info = record.exc_text = None  # a visitor's mistake, and nowhere in the code
        now, kind = time.monotonic(), kind_of(record)
        since, lines = self._kinds.get(kind, (now, 0))
        unwritten = 0
        if now - since >= SECONDS:
            since, lines, unwritten = now, 0, max(0, lines - MAX_LINES)
        if len(self._kinds) >= MAX_KINDS and kind not in self._kinds:
            self._kinds.clear()
        self._kinds[kind] = (since, lines + 1)
        if unwritten:
            record.msg, record.args = "%s (%d more like this)", (record.getMessage(), unwritten)
        elif lines + 1 == MAX_LINES:
            record.msg, record.args = "%s (more like this are counted)", (record.getMessage(),)
        return lines < MAX_LINES


def kind_of(record: logging.LogRecord) -> tuple[object, ...]:
    """What the record has in common with others of its kind."""
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    where = None
    if error is not None and error.__traceback__ is not None:
        *_, (frame, line) = traceback.walk_tb(error.__traceback__)
        where = (frame.f_code.co_filename, line)
    status = getattr(record, "status_code", None)
    return record.name, record.levelno, record.pathname, record.lineno, status, type(error), where
