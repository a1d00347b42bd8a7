"""What a draw gives out: the rule, the checkpoint before there is a seed, the bundle, the verifiers; receipts."""

import json
from functools import lru_cache
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_safe

from waitingroom import visitors
from waitingroom.draw import verify
from waitingroom.draw_files import bundle_of, receipt_of
from waitingroom.draw_records import Draw, DrawClosing, DrawReveal
from waitingroom.draw_steps import draw_of
from waitingroom.errors import DrawRefused

TEXT = "text/plain; charset=utf-8"
VERIFIERS = {path.name: path for path in (Path(verify.__file__), Path(verify.__file__).with_suffix(".html"))}


def _draw(room: str) -> Draw:
    try:
        return draw_of(room)
    except DrawRefused as error:
        raise Http404(str(error)) from error


@require_safe
@cache_control(public=True, max_age=5)
def rule(_request: HttpRequest, room: str) -> HttpResponse:
    """The signed rule, from the announcement on."""
    return HttpResponse(_draw(room).rule_note, content_type=TEXT)


@require_safe
@cache_control(public=True, max_age=5)
def checkpoint(_request: HttpRequest, room: str) -> HttpResponse:
    """The signed checkpoint, from the closing on."""
    closing = DrawClosing.objects.filter(draw=_draw(room)).first()
    if closing is None:
        raise Http404("The roster is not closed.")
    return HttpResponse(closing.checkpoint_note, content_type=TEXT)


@require_safe
@cache_control(public=True, max_age=5)
def bundle(_request: HttpRequest, room: str) -> HttpResponse:
    """The bundle, from the closing on: without a seed until every source has spoken."""
    draw = _draw(room)
    closing = DrawClosing.objects.filter(draw=draw).first()
    told = DrawReveal.objects.filter(closing=draw.pk).count()
    try:
        content = _bundle(draw.pk, closing.checkpoint_note if closing else "", told)
    except DrawRefused as error:
        raise Http404(str(error)) from error
    return _file(content, f"{draw.room}-draw.json")


def _file(content: bytes, name: str, kind: str = "application/json") -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=kind, headers=headers)


@lru_cache(maxsize=4)
def _bundle(draw: int, _checkpoint: str, _told: int) -> bytes:
    # Nothing else of a closed draw changes, and 10,000 entries cost a tenth of a second.
    return json.dumps(bundle_of(Draw.objects.get(pk=draw)), ensure_ascii=False).encode()


@require_safe
@never_cache
def receipt(request: HttpRequest, room: str) -> HttpResponse:
    """The receipt of whoever asks, by their visitor cookie; from the closing on with its proof."""
    draw, visitor = _draw(room), visitors.of_request(request)
    try:
        content = receipt_of(draw, visitor or "")
    except DrawRefused as error:
        raise Http404(str(error)) from error
    return _file(json.dumps(content, ensure_ascii=False).encode(), f"{draw.room}-receipt.json")


@require_safe
@cache_control(public=True, max_age=300)
def verifier(_request: HttpRequest, name: str) -> HttpResponse:
    """verify.py or verify.html, to be saved and run without this site."""
    if name not in VERIFIERS:
        raise Http404
    kind = "text/html; charset=utf-8" if name.endswith(".html") else "text/x-python; charset=utf-8"
    return _file(VERIFIERS[name].read_bytes(), name, kind)
