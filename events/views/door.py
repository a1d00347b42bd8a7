"""The door: staff scan tickets."""

from datetime import timedelta
from http import HTTPStatus

from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from events.checkin import NotAdmitted, check_in
from events.models import Event, Ticket
from events.views.answers import wants_json


@login_required
@permission_required("events.check_in_ticket", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def door(request: HttpRequest) -> HttpResponse:
    """Who is let in, or why not; `event` says whose door this is: without it, every event's tickets open it."""
    sent = request.POST if request.method == "POST" else request.GET
    event = Event.objects.filter(room__slug=sent.get("event", "")).first()
    ticket: Ticket | None = None
    refusal: NotAdmitted | None = None
    if request.method == "POST":
        by = request.user if isinstance(request.user, User) else None
        try:
            ticket = check_in(sent.get("code", ""), event=event, by=by)
        except NotAdmitted as why:
            refusal = why
    status = HTTPStatus.CONFLICT if refusal else HTTPStatus.OK
    if wants_json(request):
        seat = ticket.line.label if ticket else None
        return JsonResponse(
            {"admitted": ticket is not None, "seat": seat, "refusal": str(refusal or "")}, status=status
        )
    events = Event.objects.filter(starts_at__gt=timezone.now() - timedelta(days=2)).order_by("starts_at")
    page = {"event": event, "events": events, "ticket": ticket, "refusal": refusal}
    return render(request, "events/door.html", page, status=status)
