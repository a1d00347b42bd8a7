"""The database does not answer, or not in time: what whoever is inside hears, in one place.

The gate and the waiting pages do without it; this is for pages that cannot.
"""

import logging
import sys
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views import defaults

from tiketi.crowding import retry_seconds

log = logging.getLogger(__name__)

AWAY = (OperationalError, InterfaceError)


def unavailable(request: HttpRequest) -> HttpResponse:
    """Nothing was done: a page that comes back by itself; after a form, one that says so and leads back."""
    seconds = retry_seconds()
    headers = {"Retry-After": str(seconds), "Cache-Control": "no-store", "Vary": "Accept"}
    if "application/json" in request.headers.get("Accept", "") or request.path_info.startswith("/api/"):
        return JsonResponse({"status": "unavailable"}, status=503, headers=headers)
    said = {
        "safe": request.method in ("GET", "HEAD"),
        "seconds": seconds,
        "messages": (),
    }  # messages may lie in the session: in the database
    answer = render(request, "503.html", said, status=503)
    for name, value in headers.items():
        answer[name] = value
    return answer


class DatabaseAwayMiddleware:
    """Catches what views raise."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve one request."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The answer, if the database is what failed."""
        if not isinstance(exception, AWAY):
            return None
        log.warning("%s %s: the database: %s", request.method, request.path, str(exception).strip().partition("\n")[0])
        return unavailable(request)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: the same, where it was no view that asked the database but what stands before it."""
    if isinstance(sys.exc_info()[1], AWAY):
        return unavailable(request)
    return defaults.server_error(request)
