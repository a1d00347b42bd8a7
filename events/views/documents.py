"""Terms and the like, as everybody may read them, in every version that was ever in force."""

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from events.models import Document
from events.privacy.consents import in_force


@require_safe
def document(request: HttpRequest, code: str) -> HttpResponse:
    """The version in force, with the earlier ones."""
    found = next((one for one in in_force() if one.code == code), None)
    if found is None:
        raise Http404
    return _page(request, found)


@require_safe
def version(request: HttpRequest, code: str, version: str) -> HttpResponse:
    """One version; those to come are not shown."""
    # Compared here: an address can say what a database does not even take as a question.
    found = next((one for one in _shown().filter(code=code) if one.version == version), None)
    if found is None:
        raise Http404
    return _page(request, found)


def _shown() -> QuerySet[Document]:
    return Document.objects.filter(in_force_at__lte=timezone.now())


def _page(request: HttpRequest, found: Document) -> HttpResponse:
    others = _shown().filter(code=found.code).exclude(pk=found.pk)
    return render(request, "events/document.html", {"document": found, "others": others})
