"""The language of Django's pages, by the same rule as the gate's: a visitor meets one language on both."""

from django.conf import settings
from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

from waitingroom.languages import language_of


class LanguageMiddleware(LocaleMiddleware):
    """Django's, but for the choice."""

    def process_request(self, request: HttpRequest) -> None:
        """Choose the language of whatever answers the request."""
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        translation.activate(language_of(chosen, request.headers.get("accept-language", "")))
        request.LANGUAGE_CODE = translation.get_language()
