"""How every process writes its log: Django's LOGGING, for web, workers, beat and commands alike."""

from typing import Any

FORMS = ("json", "lines")
# Libraries that speak at every request, or whose words are ours already.
QUIET = {"axes": "WARNING", "celery": "WARNING"}
# Django's and uvicorn's own handlers would say everything twice, or in another form.
OURS = ("django", "uvicorn", "uvicorn.error")


def logging_for(form: str, level: str) -> dict[str, Any]:
    """Django's LOGGING, read by web, workers, beat and commands alike."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "tiketi.log_lines.formatter", "form": form}},
        "filters": {"outages": {"()": "tiketi.logs.Outages"}, "repetitions": {"()": "tiketi.repetitions.Repetitions"}},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["outages", "repetitions"]}
        },
        "loggers": {
            **{name: {"handlers": [], "propagate": True} for name in OURS},
            **{name: {"level": least} for name, least in QUIET.items()},
            # With anywhere to write, uvicorn tells of every request, and the gate answers none without a task.
            "uvicorn.access": {"handlers": [], "propagate": False},
        },
        "root": {"handlers": ["console"], "level": level},
    }
