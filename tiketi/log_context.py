"""Of what a log line tells besides its words: the request, its room and visitor, or the task."""

import re
import secrets
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from celery.signals import task_postrun, task_prerun
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from structlog.contextvars import bind_contextvars, unbind_contextvars
from structlog.typing import EventDict

from tiketi.log_privacy import hashed
from waitingroom import slips
from waitingroom.cookie_names import visitor_cookie
from waitingroom.networks import is_trusted
from waitingroom.visits import cookies_in, room_of

HEADER = "X-Request-ID"
ID = re.compile(r"[0-9A-Za-z-]{8,64}")

_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)


def request_log_middleware(get_response: Callable[[HttpRequest], HttpResponseBase]) -> object:
    """Give the request an id, that of a trusted proxy if it sent one, and say it in the answer."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        request.log_id = _id_of(request.headers.get(HEADER, ""), request.META.get("REMOTE_ADDR", ""))  # type: ignore[attr-defined]  # ours to add
        token = _request.set(request)
        try:
            response = get_response(request)
        finally:
            _request.reset(token)
        response.headers[HEADER] = request.log_id  # type: ignore[attr-defined]  # ours
        return response

    return middleware


def request_id(scope: Mapping[str, Any]) -> str:
    """The id of a request that Django does not see, by the same rule."""
    own = HEADER.lower().encode()
    sent = next((value.decode("latin-1") for name, value in scope["headers"] if name == own), "")
    return _id_of(sent, (scope.get("client") or ("",))[0])


def _id_of(sent: str, address: str) -> str:
    return sent if ID.fullmatch(sent) and is_trusted(address) else secrets.token_hex(8)


def add_request(_logger: Any, _method: str, line: EventDict) -> EventDict:
    """structlog's processor: what is known of the request that the line is about, made only where one is written."""
    record = line.get("_record")
    found = getattr(record, "request", None) or _request.get()
    if isinstance(found, HttpRequest) and hasattr(found, "log_id"):
        line["request_id"] = found.log_id
        place = getattr(found, "admission", None)
        room = place.room if place else room_of(found.path_info)
        visitor = place.visitor if place else _visitor_of(found)
        for name, value in (("room", room), ("visitor", visitor)):
            if value:
                line.setdefault(name, value)
    if visitor := line.get("visitor"):
        line["visitor"] = hashed(str(visitor))
    return line


def _visitor_of(request: HttpRequest) -> str | None:
    """By the cookie alone: logging is set up before there are models, and what knows them cannot be read here."""
    return slips.read_visitor(cookies_in(request.META.get("HTTP_COOKIE", "")).get(visitor_cookie(), ""))


@task_prerun.connect  # type: ignore[untyped-decorator]  # celery has no types
def begin_task(task_id: str, task: Any, **_: object) -> None:
    """Lines of a worker name the task."""
    bind_contextvars(task=task.name, task_id=task_id)


@task_postrun.connect  # type: ignore[untyped-decorator]  # celery has no types
def end_task(**_: object) -> None:
    """Until it is done."""
    unbind_contextvars("task", "task_id")
