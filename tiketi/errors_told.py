"""Errors to Sentry, where SENTRY_DSN names one: what the log says as an error, as often as it does, and about nobody.

The log is the one place where everything that fails is said: pages, tasks, sockets, threads. So Sentry hangs there,
and not in each framework: an outage is one report in ten seconds and not one a visitor (logs.py, repetitions.py), and
what is kept out of a line is kept out of a report. Imported only where it is asked for.
"""

import copy
import logging
from collections.abc import Callable
from typing import Any, cast

import sentry_sdk
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from sentry_sdk.integrations import Integration
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.utils import capture_internal_exceptions, event_from_exception
from structlog.contextvars import get_contextvars

from tiketi.log_context import add_request
from tiketi.log_lines import EXTRA
from tiketi.log_privacy import scrubbed
from tiketi.telemetry import ErrorReports

# What a process that ends waits for its last report.
LAST_WORD_S = 1
# Nothing else leaves: no request, cookies, user, variables, breadcrumbs of others' requests, nor what a later SDK adds.
OF_ERRORS = frozenset(
    (
        "event_id", "timestamp", "platform", "level", "logger", "logentry", "exception", "transaction", "tags",
        "release", "environment", "server_name", "sdk",
    )
)  # fmt: skip
OF_TRANSACTIONS = OF_ERRORS - {"logger", "logentry", "exception"} | {"type", "start_timestamp", "transaction_info"}
OF_SPANS = ("span_id", "trace_id", "parent_span_id", "op", "description", "status", "start_timestamp", "timestamp")


class ErrorHandler(logging.Handler):
    """Tells Sentry what the log says as an error; `reports` says where."""

    def __init__(self, reports: ErrorReports) -> None:
        super().__init__()
        begin(reports)

    def handle(self, record: logging.LogRecord) -> bool:
        """As logging has it, with a record of its own: filters shorten it, and the other handlers have theirs."""
        return bool(super().handle(copy.copy(record)))

    def emit(self, record: logging.LogRecord) -> None:
        """Put the report into the queue; a thread of the SDK's sends it, and what does not fit is dropped."""
        with capture_internal_exceptions():
            sentry_sdk.capture_event(cast("Any", event_of(record)), hint={"log_record": record})


def begin(reports: ErrorReports) -> None:
    """Have the SDK, once a process: without its integrations, which would say all of it another way."""
    if sentry_sdk.get_client().is_active():
        return  # a worker sets its log up twice
    sentry_sdk.init(
        dsn=reports.dsn,
        release=reports.release,
        environment=reports.environment,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[AtexitIntegration(callback=_say_nothing), *_tracing(reports)],
        traces_sample_rate=reports.traces_sample_rate or None,
        trace_propagation_targets=[],  # what providers are asked is no part of our traces
        before_send=only_ours,
        before_send_transaction=only_its_shape,
        auto_session_tracking=False,
        send_client_reports=False,
        shutdown_timeout=LAST_WORD_S,
    )


def event_of(record: logging.LogRecord) -> dict[str, Any]:
    """The line as Sentry has it; tags are those of the JSON log."""
    given = {name: getattr(record, name) for name in EXTRA if hasattr(record, name)}
    line = add_request(None, "", {"_record": record, **get_contextvars(), **given})
    del line["_record"]
    event: dict[str, Any] = {
        "level": "fatal" if record.levelno >= logging.CRITICAL else record.levelname.lower(),
        "logger": record.name,
        # The words group reports, whatever stands in them.
        "logentry": {"message": str(record.msg), "formatted": record.getMessage()},
        "tags": {name: str(value) for name, value in line.items()},
    }
    if route := _route(getattr(record, "request", None)) or line.get("task"):
        event["transaction"] = route
    if isinstance(record.exc_info, tuple) and record.exc_info[0] is not None:
        told, _ = event_from_exception(
            record.exc_info,
            client_options=sentry_sdk.get_client().options,
            mechanism={"type": "logging", "handled": True},
        )
        event["exception"] = told["exception"]
    return event


def only_ours(event: Any, hint: dict[str, Any]) -> Any:
    """The last word before a report is sent: what the log did not say is none, and what is left names nobody."""
    if "log_record" not in hint:
        return None
    for error in event.get("exception", {}).get("values", ()):
        error.pop("vars", None)
        for frame in error.get("stacktrace", {}).get("frames", ()):
            frame.pop("vars", None)
        if "value" in error:
            error["value"] = scrubbed(str(error["value"]))
    for name in ("logentry", "tags"):
        event[name] = {key: scrubbed(str(value)) for key, value in event.get(name, {}).items() if key != "params"}
    return {name: value for name, value in event.items() if name in OF_ERRORS}


def only_its_shape(event: Any, _hint: dict[str, Any]) -> Any:
    """A transaction as names and times: statements without their parameters, no request, nobody's data."""
    kept = {name: value for name, value in event.items() if name in OF_TRANSACTIONS}
    kept["tags"] = {}
    trace = event.get("contexts", {}).get("trace", {})
    kept["contexts"] = {"trace": {name: trace[name] for name in OF_SPANS if name in trace and name != "description"}}
    kept["spans"] = [
        {name: scrubbed(one[name]) if name == "description" else one[name] for name in OF_SPANS if one.get(name)}
        for one in event.get("spans", ())
    ]
    return kept


def transaction_middleware(get_response: Callable[[HttpRequest], HttpResponseBase]) -> object:
    """A request that reached Django as a transaction; in place where SENTRY_TRACES_SAMPLE_RATE is above zero.

    Whether one is told is decided here: nobody's headers say so.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with (
            sentry_sdk.isolation_scope(),
            sentry_sdk.start_transaction(op="http.server", name=f"{request.method}", source="route") as transaction,
        ):
            response = get_response(request)
            sentry_sdk.get_current_scope().set_transaction_name(f"{request.method} {_route(request) or 'nowhere'}")
            transaction.set_http_status(response.status_code)
            return response

    return middleware


def _route(request: object) -> str:
    """The pattern of the address, which names nobody."""
    match = request.resolver_match if isinstance(request, HttpRequest) else None
    return str(match.route) if match else ""


def _tracing(reports: ErrorReports) -> list[Integration]:
    """What tells how long queries and tasks took, where that is asked for."""
    if not reports.traces_sample_rate:
        return []
    from sentry_sdk.integrations.celery import CeleryIntegration
    from sentry_sdk.integrations.django import DjangoIntegration

    return [DjangoIntegration(middleware_spans=False, signals_spans=False, cache_spans=False), CeleryIntegration()]


def _say_nothing(_pending: int, _timeout: float) -> None:
    """In place of the SDK's greeting on the terminal of who ends a command."""
