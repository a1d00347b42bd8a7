"""What no database takes, sent to a page of staff's: it is refused in words, and nothing was changed."""

import logging
from collections.abc import Callable, Iterator
from functools import wraps
from http import HTTPStatus

from django.contrib.admin import AdminSite
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import DataError, IntegrityError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from events.keys import is_key

log = logging.getLogger(__name__)

View = Callable[..., HttpResponseBase]
NUL = "\0"  # a text of SQLite's may hold it, one of PostgreSQL's may not
NOTHING_KEPT = _(
    "Something that was sent is no text and no number that can be kept. "
    "Nothing was changed: go back, and look at it again."
)
SAVED_MEANWHILE = _(
    "Somebody else saved the same, or something that this contradicts, at the same moment. "
    "Nothing of yours was changed: go back, load the page again, and look at what is there now."
)


def refusing_nonsense(site: AdminSite, view: View) -> View:
    """The view, for all that makes sense. Texts are looked at before it, so that every database refuses the same."""

    @wraps(view)
    def asked(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if NUL in "".join(_texts(request)) or not all(map(is_key, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            return _refused(site, request, HTTPStatus.BAD_REQUEST, NOTHING_KEPT, "a NUL, or no key")
        try:
            return view(request, *args, **kwargs)
        # Numbers, days and patterns beyond what is known before they are asked for.
        except (DataError, OverflowError) as error:
            return _refused(site, request, HTTPStatus.BAD_REQUEST, NOTHING_KEPT, str(error))
        except IntegrityError as error:
            return _refused(site, request, HTTPStatus.CONFLICT, SAVED_MEANWHILE, str(error))

    return asked


def _texts(request: HttpRequest) -> Iterator[str]:
    for sent in (request.GET, request.POST):
        for name, values in sent.lists():
            yield name
            yield from map(str, values)


def _refused(site: AdminSite, request: HttpRequest, status: HTTPStatus, said: Promise, why: str) -> HttpResponseBase:
    log.warning("%s %s: refused: %s", request.method, request.path, why.partition("\n")[0])
    context = {**site.each_context(request), "title": _("That did not work"), "said": said}
    return render(request, "admin/refused.html", context, status=status)
