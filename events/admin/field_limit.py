"""How many fields a form may send: Django's 1,000, but for staff on the pages with fields for every section."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, HttpResponse

MAX_FIELDS = 1000
# The settings let through what the largest plan's form has: five fields for each of its sections.
PAGES_OF_SECTIONS = ("admin:events_plan_change", "admin:events_event_pricing")


class FieldLimitMiddleware:
    """Refuses (400) a form of more fields than its page may have; who sends none is not looked at."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing before the page is known."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Raise TooManyFieldsSent before the view begins; what a provider posts (exempt from CSRF) is no form."""
        if request.method != "POST" or getattr(view, "csrf_exempt", False):
            return
        match = request.resolver_match
        if match is not None and match.view_name in PAGES_OF_SECTIONS and request.user.is_staff:
            return
        if sum(len(values) for _, values in request.POST.lists()) > MAX_FIELDS:
            raise TooManyFieldsSent(f"more than {MAX_FIELDS} fields")
