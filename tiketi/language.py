"""The language of Django's pages, by the same rule as the gate's: a visitor meets one language on both."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from waitingroom.languages import language_of


class LanguageMiddleware(LocaleMiddleware):
    """Django's, but for the choice."""

    def process_request(self, request: HttpRequest) -> None:
        """Choose the language of whatever answers the request."""
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        translation.activate(language_of(chosen, request.headers.get("accept-language", "")))
        request.LANGUAGE_CODE = translation.get_language()


@csrf_exempt
@require_POST
def choose_language(request: HttpRequest) -> HttpResponseBase:
    """Keep the language chosen, and go back. Pages that everybody reads alike hold no token of anybody's.

    Browsers say from which site a form comes, and another's is refused; who does not say is no browser of today's, and
    has no cookie that the form could use: all that it changes is the language that this same client is answered in.
    """
    origin = request.headers.get("Origin", "")
    if origin and urlsplit(origin).netloc != request.get_host():
        raise PermissionDenied
    return set_language(request)
