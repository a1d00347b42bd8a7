"""An outage in a few lines of log: what failed, without where in the code, and not every second."""

import logging
import time
from smtplib import SMTPException

from celery.beat import SchedulingError
from django.db.utils import InterfaceError, OperationalError
from kombu.exceptions import OperationalError as BrokerAway
from redis.exceptions import RedisError

from waitingroom.errors import LineUnavailable

# The database, Redis, the broker or another server does not answer: where in the code that was noticed tells nobody
# anything, and everybody notices it, again and again.
OUTAGES = (
    OperationalError,
    InterfaceError,
    BrokerAway,
    SchedulingError,
    RedisError,
    LineUnavailable,
    SMTPException,
    ConnectionError,
    TimeoutError,
)
SAID_AGAIN_AFTER_S = 10.0


class Outages(logging.Filter):
    """For a handler: no traceback, and the same trouble once in ten seconds, with how often it came."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str, type], tuple[float, int]] = {}  # when last, and how often since

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write it; what is written is made brief."""
        error = self._outage(record)
        if error is None:
            return True
        key = (record.name, str(record.msg), type(error))
        said_at, since = self._said.get(key, (float("-inf"), 0))
        if time.monotonic() - said_at < SAID_AGAIN_AFTER_S:
            self._said[key] = (said_at, since + 1)
            return False
        self._said[key] = (time.monotonic(), 0)
        said, what = (text.strip().partition("\n")[0] for text in (record.getMessage(), str(error)))
        if record.exc_info:
            said += f": {type(error).__name__}" + (f": {what}" if what not in said else "")
            record.exc_info = record.exc_text = None
        record.msg, record.args = "%s", (said,)
        if since:
            record.args = (f"{said} ({since} more like this)",)
        return True

    @staticmethod
    def _outage(record: logging.LogRecord) -> BaseException | None:
        """The outage that the record tells of: with its traceback, or as part of the sentence."""
        told = record.args if isinstance(record.args, tuple) else ()
        raised = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        return next((one for one in (raised, *told) if isinstance(one, OUTAGES)), None)
