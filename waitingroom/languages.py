"""The language of a page: the same for the gate's own pages and for Django's."""

from functools import lru_cache

from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header

from waitingroom.conf import conf

# Of the header; nobody reads on.
LONGEST_HEADER = 200


def language_of(chosen: str, header: str) -> str:
    """The language that was chosen on the site, by cookie; else the one that suits Accept-Language best."""
    return chosen if chosen and chosen in dict(conf.LANGUAGES) else accepted_language(header[:LONGEST_HEADER])


@lru_cache(maxsize=1024)
def accepted_language(header: str) -> str:
    """The site's language that suits an Accept-Language header best.

    Who names languages, and none of the site's, gets WAITINGROOM_OTHER_LANGUAGE; who names none, the site's own.
    """
    wanted = [language for language, weight in parse_accept_lang_header(header.lower()) if weight > 0]
    for language in wanted:
        if language == "*":
            break
        try:
            return get_supported_language_variant(language)
        except LookupError:
            continue
    names_some = bool(wanted) and wanted[0] != "*"
    return str((names_some and conf.WAITINGROOM_OTHER_LANGUAGE) or conf.LANGUAGE_CODE)
