"""Exports in the admin: by a button, with a right for each kind, and on record."""

import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from threading import BoundedSemaphore
from typing import IO

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from events.exports.files import TYPES, WRITERS
from events.exports.table import Right, Table
from events.exports.tables import TABLES
from events.models import Event
from events.staff.may import may

# A large one takes a thread of the few for some seconds: the next waits for staff to ask again.
_one_at_a_time = BoundedSemaphore(1)
BLOCK = 65_536


def allowed(request: HttpRequest, event: Event, tables: Mapping[str, Table] = TABLES) -> list[Table]:
    """What the member of staff may export of the event."""
    return [table for table in tables.values() if may(request.user, table.right, event)]


@require_POST  # it is put on record, and no browser fetches it ahead
def export(
    request: HttpRequest,
    pk: int,
    kind: str,
    form: str,
    *,
    model_admin: admin.ModelAdmin[Event],
    tables: Mapping[str, Table] = TABLES,
    page: str = "admin:events_event_sales",
) -> HttpResponseBase:
    """The file of one of the tables that `page` offers. Who the buyers are is in it for those who may know."""
    event = get_object_or_404(Event, pk=pk)
    if kind not in tables or form not in WRITERS:
        raise Http404
    table = tables[kind]
    if not (may(request.user, table.right, event) and model_admin.has_view_permission(request, event)):
        raise PermissionDenied
    if not _one_at_a_time.acquire(blocking=False):
        messages.warning(request, _("Another export is being made. Please try again in a moment."))
        return redirect(page, pk)
    try:
        rights = [right for right in Right if may(request.user, right, event)]
        buyers = "with" if Right.BUYERS in rights else "without"
        model_admin.log_change(request, event, f"exported {kind} as {form}, {buyers} buyers")
        file = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the response)
        with timezone.override(event.zone):
            WRITERS[form](table.lines(event, rights), file)
    finally:
        _one_at_a_time.release()
    response = StreamingHttpResponse(_sent(request, file), content_type=TYPES[form])
    name = f"{event.slug}-{kind}-{timezone.localtime():%Y%m%d-%H%M}.{form}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Length"] = str(file.tell())
    file.seek(0)
    response._resource_closers.append(file.close)  # type: ignore[attr-defined]  # Django's own list, which its stubs lack
    return response


def _sent(request: HttpRequest, file: IO[bytes]) -> Iterator[bytes] | AsyncIterator[bytes]:
    """The file in blocks; Django reads the whole of a plain iterator into memory where it serves ASGI."""
    return _ablocks(file) if isinstance(request, ASGIRequest) else _blocks(file)


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while block := file.read(BLOCK):
            yield block


async def _ablocks(file: IO[bytes]) -> AsyncIterator[bytes]:
    for block in _blocks(file):  # from the disk's cache: written a moment ago
        yield block
