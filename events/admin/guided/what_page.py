"""The first step: a new draft, or the facts of one that is there; and the drafts to go on with."""

from contextlib import suppress
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from events.admin.guided.drafts import (
    Admin,
    address_of,
    first_lack,
    go_on,
    lock_draft,
    note,
    of_a_draft,
    page_of,
    undone,
)
from events.admin.guided.what_form import NEW_VENUE, WhatForm
from events.keys import is_key
from events.models import Event, Venue
from events.models.venue import zone_choices
from events.posters.drawing import picture
from events.sale.level_prices import take_off_sale
from events.sale.readiness import Part
from events.staff.may import within
from waitingroom.models import WaitingRoom

# Who sends the same twice within it has pressed the button twice.
TWICE = timedelta(minutes=1)
MAX_DRAFTS = 10
MAX_AT_ONCE = 10


def start(model_admin: Admin, request: HttpRequest) -> HttpResponse:
    """Make a draft of the facts, or say what is wrong with them; nothing is kept of what is refused."""
    may_add_room = request.user.has_perm(f"waitingroom.add_{WaitingRoom._meta.model_name}")
    if not (model_admin.has_add_permission(request) and may_add_room):
        raise PermissionDenied
    may_add_venue = request.user.has_perm("events.add_venue")
    with timezone.override(_clock(request)):
        form = WhatForm(may_add_venue=may_add_venue)
        if request.method == "POST":
            for _try in range(MAX_AT_ONCE):
                form = WhatForm(request.POST, may_add_venue=may_add_venue)
                # Of those at once who want one name the first has it; asked again, the form says so to the others.
                with suppress(IntegrityError), transaction.atomic():
                    if made := _just_made(request, form) or _make(model_admin, request, form):
                        return go_on(made, Part.WHAT)
                    break
            else:
                raise IntegrityError("as many at once want one name as are waited for")
        return page_of(model_admin, request, Part.WHAT, None, _said(form) | {"drafts": _drafts(request)})


@of_a_draft
def what(model_admin: Admin, request: HttpRequest, event: Event) -> HttpResponse:
    """The facts of a draft; in another venue its plan goes."""
    may_add_venue = request.user.has_perm("events.add_venue")
    with timezone.override(_clock(request) if request.method == "POST" else event.zone):
        if request.method != "POST":
            return page_of(
                model_admin, request, Part.WHAT, event, _said(WhatForm(instance=event, may_add_venue=may_add_venue))
            )
        with transaction.atomic():
            draft = lock_draft(event.pk)
            moves = request.POST.get("venue", "") != str(draft.venue_id) and draft.plan is not None
            if moves:
                take_off_sale(draft)
                draft.plan = None
            form = WhatForm(request.POST, instance=draft, may_add_venue=may_add_venue)
            if form.is_valid():
                form.keep()
                note(model_admin, request, draft, Part.WHAT)
                if moves:
                    messages.warning(
                        request, _("It takes place elsewhere now: its plan and the prices are to be given again.")
                    )
                if form.hours_are_new:
                    messages.warning(
                        request, _("The sale's hours did not go with this date any more. Look at them again, please.")
                    )
                return go_on(draft, Part.WHAT)
            undone()
        return page_of(model_admin, request, Part.WHAT, event, _said(form))


@of_a_draft
def resume(model_admin: Admin, request: HttpRequest, event: Event) -> HttpResponse:
    """To the step where the work goes on."""
    return redirect(address_of(event, first_lack(event)))


def _make(model_admin: Admin, request: HttpRequest, form: WhatForm) -> Event | None:
    if not form.is_valid():
        return None
    event = form.keep()
    model_admin.log_addition(request, event, "new event: what")
    return event


def _just_made(request: HttpRequest, form: WhatForm) -> Event | None:
    """The draft that the same form made a moment ago: the button was pressed twice."""
    form.is_valid()
    facts = {name: form.cleaned_data.get(name) for name in WhatForm.Meta.fields if name != "venue"}
    if None in facts.values():
        return None
    made = Event.history.filter(history_type="+", history_user=request.user, history_date__gte=timezone.now() - TWICE)
    if slug := request.POST.get("slug", "").strip():
        facts["room__slug"] = slug
    if (venue := form.cleaned_data.get("venue")) is not None:
        facts["venue"] = venue
    else:
        facts["venue__name_ko"] = request.POST.get(f"{NEW_VENUE}-name_ko", "").strip()
    return Event.objects.filter(pk__in=made.values("id"), announced_at=None, **facts).first()


def _clock(request: HttpRequest) -> ZoneInfo | None:
    """Of the venue that is chosen, or described; None: the site's."""
    chosen, zone = request.POST.get("venue", ""), request.POST.get(f"{NEW_VENUE}-time_zone", "")
    if is_key(chosen):
        return next((venue.zone for venue in Venue.objects.filter(pk=chosen)), None)
    return ZoneInfo(zone) if zone in dict(zone_choices()) else None


def _said(form: WhatForm) -> dict[str, Any]:
    """The form, with the pictures that its choices stand for."""
    motif, hue = form["motif"], form["hue"]
    now = {"motif": str(motif.value() or ""), "hue": str(hue.value() or "")}
    shown_hue = int(now["hue"]) if is_key(now["hue"]) and int(now["hue"]) < 360 else form.instance.hue
    shown_motif = now["motif"] if now["motif"] in dict(form.fields["motif"].choices) else form.instance.motif  # type: ignore[attr-defined]  # of a choice
    return {
        "form": form,
        "venue_form": form.venue_form,
        "motifs": [(radio, _address(radio.data["value"], shown_hue)) for radio in motif],
        "hues": [(radio, _address(shown_motif, int(radio.data["value"]))) for radio in hue],
    }


def _address(motif: str, hue: int) -> tuple[str, int, str]:
    return motif, hue, picture(motif, hue).digest


def _drafts(request: HttpRequest) -> list[Event]:
    """Those that one may go on with, the newest first."""
    found = Event.objects.filter(announced_at=None, called_off_at=None).select_related("venue").order_by("-pk")
    return list(within(request.user, "events.change_event", found, "pk")[:MAX_DRAFTS])
