"""What waiting pages fetch or lead to."""

from functools import cache

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import override
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe


@require_safe
@cache_control(public=True, max_age=300)
def more(_request: HttpRequest, language: str) -> HttpResponse:
    """The rest of the waiting page's script, fetched when it is due: so that not everybody's page carries it."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    return HttpResponse(more_of(language), content_type="text/javascript; charset=utf-8")


@cache
def more_of(language: str) -> str:
    """The script, in a language."""
    with override(language):
        return render_to_string("waitingroom/more.js")
