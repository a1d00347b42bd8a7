"""A log line: a JSON object for machines, or text for people."""

import json
from typing import Any

import structlog
from structlog.processors import TimeStamper, format_exc_info
from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level, add_logger_name
from structlog.typing import EventDict

from tiketi.log_context import add_request
from tiketi.log_privacy import scrubbed

# What a call may say with `extra=`; a visitor by name, who is hashed.
EXTRA = ("room", "visitor", "status_code")


def formatter(form: str) -> ProcessorFormatter:
    """The formatter of one of the settings' forms."""
    return ProcessorFormatter(
        foreign_pre_chain=[
            add_log_level,
            add_logger_name,
            TimeStamper(fmt="iso") if form == "json" else TimeStamper(fmt="%Y-%m-%d %H:%M:%S%z", utc=False),
            structlog.contextvars.merge_contextvars,
            ExtraAdder(allow=EXTRA),
            add_request,
            format_exc_info,
            _without_anybody,
        ],
        processors=[ProcessorFormatter.remove_processors_meta, _as_json if form == "json" else _as_line],
    )


def _without_anybody(_logger: Any, _method: str, line: EventDict) -> EventDict:
    """The last word before a line is written: no text of it names anybody."""
    for name, value in line.items():
        if isinstance(value, str) and name not in ("timestamp", "level", "logger"):
            line[name] = scrubbed(value)
    return line


def _as_json(_logger: Any, _method: str, line: EventDict) -> str:
    return json.dumps(line, ensure_ascii=False, default=str)


def _as_line(_logger: Any, _method: str, line: EventDict) -> str:
    said = f"{line.pop('timestamp')} {line.pop('level').upper():<7} {line.pop('logger')}  {line.pop('event')}"
    exception = line.pop("exception", "")
    rest = " ".join(f"{name}={value}" for name, value in line.items())
    return said + (f"  [{rest}]" if rest else "") + (f"\n{exception}" if exception else "")
