"""Errors as programs read them: who wants JSON gets no page, whatever in Django refused the request."""

from collections.abc import Callable

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase

from events.api.answers import is_program

STATUS = {400: "bad-request", 403: "forbidden", 404: "not-found", 405: "not-allowed", 500: "error"}
# What an answer in the page's place says all the same.
KEPT = ("Allow", "Vary", "Cache-Control")


def program_errors_middleware(get_response: Callable[[HttpRequest], HttpResponseBase]) -> object:
    """Put `{"status": ...}` in the place of an error's page, for programs and under `/api/`."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        word = STATUS.get(response.status_code)
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        if word is None or is_json or not (request.path_info.startswith("/api/") or is_program(request)):
            return response
        told = JsonResponse({"status": word}, status=response.status_code)
        for name in KEPT:
            if name in response.headers:
                told.headers[name] = response.headers[name]
        told.cookies = response.cookies
        return told

    return middleware
