"""How every process writes its log: Django's LOGGING, for web, workers, beat and commands alike."""

import logging
from typing import Any

from tiketi.telemetry import ErrorReports

FORMS = ("json", "lines")
# Libraries that speak at every request, or whose words are ours already.
QUIET = {"axes": "WARNING", "celery": "WARNING", "opentelemetry": "ERROR"}
# Django's and uvicorn's own handlers would say everything twice, or in another form.
OURS = ("django", "uvicorn", "uvicorn.error")


def logging_for(form: str, level: str, reports: ErrorReports) -> dict[str, Any]:
    """Django's LOGGING, read by web, workers, beat and commands alike; errors are told to whom `reports` names."""
    handlers: dict[str, Any] = {"console": {"class": "logging.StreamHandler", "formatter": "line"}}
    if reports:
        told = {"()": "tiketi.errors_told.ErrorHandler", "level": "ERROR", "reports": reports}
        # Before the console's filters have made a record of an outage brief.
        handlers = {"errors": told, **handlers}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "tiketi.log_lines.formatter", "form": form}},
        # Each handler has its own: they count what they let through.
        "filters": {
            f"{name} of {handler}": {"()": f"tiketi.{kind}"}
            for handler in handlers
            for name, kind in (("outages", "logs.Outages"), ("repetitions", "repetitions.Repetitions"))
        },
        "handlers": {
            name: {**handler, "filters": [f"outages of {name}", f"repetitions of {name}"]}
            for name, handler in handlers.items()
        },
        "loggers": {
            **{name: {"handlers": [], "propagate": True} for name in OURS},
            **{name: {"level": least} for name, least in QUIET.items()},
            # With anywhere to write, uvicorn tells of every request, and the gate answers none without a task: only
            # where uvicorn was told to, which it is before this is read.
            "uvicorn.access": {"handlers": [], "propagate": logging.getLogger("uvicorn.access").hasHandlers()},
        },
        "root": {"handlers": [*handlers], "level": level},
    }
