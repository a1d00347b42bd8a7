"""`GET /api/openapi.yaml`: what programs may ask the site, as OpenAPI."""

from functools import cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

DOCUMENT = Path(__file__).with_name("openapi.yaml")
KIND = "application/yaml"  # RFC 9512


@csrf_exempt  # or who sends a form hears of a token, rather than of the method
@require_safe
@cache_control(public=True, max_age=300)
def view(_request: HttpRequest) -> HttpResponse:
    """The document, as it stands beside the code."""
    return HttpResponse(_content(), content_type=KIND)


@cache
def _content() -> bytes:
    return DOCUMENT.read_bytes()


urlpatterns = [path("api/openapi.yaml", view, name="openapi")]
