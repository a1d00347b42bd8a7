"""Addresses that lead nowhere: a page of the site's own for people, JSON for programs, whatever DEBUG says."""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.common import CommonMiddleware
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.defaults import page_not_found

API = "/api/"
SAFE = ("GET", "HEAD")


def for_program(request: HttpRequest) -> bool:
    """Whether whoever asks reads JSON: at the API's addresses always, elsewhere if it is accepted and HTML is not."""
    accepted = request.headers.get("Accept", "")
    return request.path_info.startswith(API) or ("application/json" in accepted and "text/html" not in accepted)


def failed(status: int) -> JsonResponse:
    """`{"status": "not-found", "detail": "..."}`: the status by its name, and a sentence for people."""
    said = {
        HTTPStatus.NOT_FOUND: _("There is nothing at this address."),
        HTTPStatus.METHOD_NOT_ALLOWED: _("This address does not take that method."),
        HTTPStatus.FORBIDDEN: _("This is not open to you."),
    }
    known = HTTPStatus(status)
    body = {"status": known.phrase.lower().replace(" ", "-"), "detail": said.get(known, _("That did not work."))}
    return JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})


class SlashMiddleware(CommonMiddleware):
    """Django's, but that only what can be asked again is led to the address with the slash: a form would be lost."""

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        """Whether the address is there with a slash at its end."""
        return request.method in SAFE and super().should_redirect_with_slash(request)


class DeadEndMiddleware:
    """Says what is not there in the form that whoever asks reads.

    With DEBUG on, Django shows developers a page of its own, which everybody sees who tries the site out.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve one request."""
        response = self._get_response(request)
        if response.status_code < HTTPStatus.BAD_REQUEST or not is_page(response):
            return response
        answer: HttpResponseBase = response
        if for_program(request):
            answer = failed(response.status_code)
            for name in ("Allow", "Retry-After", "Cache-Control"):
                if name in response.headers:
                    answer[name] = response.headers[name]
        elif settings.DEBUG and response.status_code == HTTPStatus.NOT_FOUND:
            answer = page_not_found(request, Http404())
        patch_vary_headers(answer, ["Accept"])
        return answer


def is_page(response: HttpResponseBase) -> bool:
    """Whether the answer is text for people, or none: not what a view said in JSON."""
    return isinstance(response, HttpResponse) and "json" not in response.headers.get("Content-Type", "")
