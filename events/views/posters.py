"""Posters and their pictures: drawn once, at addresses that name their content."""

from typing import cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import override
from django.views.decorators.http import require_safe

from events.models import Event
from events.models.choices import Motif
from events.posters import drawing
from events.posters.drawing import Drawn
from events.staff.previews import may_preview, not_yet_public

FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_WHILE = "public, max-age=300"
HUES = range(360)


@require_safe
def poster(request: HttpRequest, slug: str, language: str, digest: str = "") -> HttpResponse:
    """The poster as a picture; from an older one's address the way to it, and at one that names none today's."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    event = get_object_or_404(Event.objects.select_related("venue"), room__slug=slug)
    draft = not_yet_public(event)
    if draft and not may_preview(request.user, event):
        raise Http404
    with override(language):
        drawn, address = event.poster, event.poster_url
    if digest and digest != drawn.digest:
        answer = cast("HttpResponse", redirect(address))
    else:
        answer = _answer(drawn, FOR_EVER if digest else FOR_A_WHILE)
    if draft:
        answer["Cache-Control"] = "no-store"
    return answer


@require_safe
def picture(request: HttpRequest, motif: str, hue: int, digest: str) -> HttpResponse:
    """The picture alone; as for posters."""
    if motif not in Motif.values or hue not in HUES:
        raise Http404
    drawn = drawing.picture(motif, hue)
    if digest != drawn.digest:
        return redirect("events:picture", motif, hue, drawn.digest)
    return _answer(drawn, FOR_EVER)


def _answer(drawn: Drawn, kept: str) -> HttpResponse:
    return HttpResponse(drawn.svg, content_type="image/svg+xml", headers={"Cache-Control": kept})
