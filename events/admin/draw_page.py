"""An event's draw in the admin: its plan until the rule is signed, then how far it is, and what only people can do."""

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from events.admin.draw_forms import GiveUpForm, PlanForm, RevealForm
from events.admin.event_pages import page_of
from events.models import Event
from events.staff import may as staff
from waitingroom import draw_steps
from waitingroom.drand_relays import round_of
from waitingroom.draw.errors import BadDraw
from waitingroom.draw.sources import Drand
from waitingroom.draw_plan import announced, plan_of
from waitingroom.draw_state import DrawStage, DrawState, draw_state
from waitingroom.errors import DrawRefused
from waitingroom.models import OpeningOrder
from waitingroom.stuck_draws import why_stuck

TYPED_IN = (DrawStage.CLOSED, DrawStage.LATE)
GIVEN_UP = (DrawStage.LATE, DrawStage.VOID, DrawStage.ENDED)


def drawing(model_admin: admin.ModelAdmin[Event], request: HttpRequest, pk: int) -> HttpResponse:
    """Where the draw stands, and what may be done now."""
    event = get_object_or_404(Event.objects.select_related("room"), pk=pk)
    if not (isinstance(request.user, User) and staff.may(request.user, "events.direct_event", event)):
        raise PermissionDenied
    state = draw_state(event.room)
    plan_form = reveal_form = give_up_form = None
    posted = request.POST.get("do") if request.method == "POST" else None
    if announced(event.room) is None:
        plan_form = PlanForm(request.POST if posted == "plan" else None, instance=plan_of(event.slug))
        if posted == "plan" and plan_form.is_valid():
            plan_form.save()
            return _done(model_admin, request, event, "draw: plan", _("Saved. It is signed when the gathering opens."))
    elif state is not None:
        if state.stage in TYPED_IN:
            reveal_form = RevealForm(state, request.POST if posted == "reveal" else None)
            if posted == "reveal" and reveal_form.is_valid():
                return _reveal(model_admin, request, event, **reveal_form.cleaned_data)
        if state.stage in GIVEN_UP and event.opens_at <= timezone.now():
            give_up_form = GiveUpForm(request.POST if posted == "give-up" else None)
            if posted == "give-up" and give_up_form.is_valid():
                return _give_up(model_admin, request, event, give_up_form.cleaned_data["why"])
    page: dict[str, object] = {
        "title": _("Draw"),
        "draw": state,
        "is_drawn": event.opening_order == OpeningOrder.DRAW,
        "plan_form": plan_form,
        "reveal_form": reveal_form,
        "give_up_form": give_up_form,
        "trouble": _trouble(event, state) or _delay(event, state),
    }
    return page_of(model_admin, request, event, "draw", page)


def _trouble(event: Event, state: DrawState | None) -> str:
    """Why the draw as planned would not hold; "" where it would."""
    if state is None or state.stage is not DrawStage.PLANNED:
        return ""
    if not state.sources:
        return _("Nobody is named from whom the chance would come.")
    if state.closes_at <= max(timezone.now(), event.gathers_at):
        return _("Entries would end before they begin: the gathering must open earlier, or the sale later.")
    return ""


def _delay(event: Event, state: DrawState | None) -> str:
    """That a step is overdue which waits for nobody's word; "" where none is."""
    if state is None or state.stage in (*TYPED_IN, DrawStage.VOID) or not why_stuck(event.room, timezone.now()):
        return ""
    return _("This draw should have gone on by now. Does the process “draw” run? /readyz says more.")


def _done(
    model_admin: admin.ModelAdmin[Event], request: HttpRequest, event: Event, noted: str, said: str
) -> HttpResponse:
    model_admin.log_change(request, event, noted)
    messages.success(request, said)
    return redirect(reverse("admin:events_event_draw", args=[event.pk]))


def _reveal(
    model_admin: admin.ModelAdmin[Event], request: HttpRequest, event: Event, source: str, value: str
) -> HttpResponse:
    """Take what was typed in, or drand's relays say now."""
    rule = draw_steps.draw_of(event.slug).rule
    number, found = next((i, one) for i, one in enumerate(rule.sources) if one.name == source)
    try:
        given = value.strip().lower()
        if not given and isinstance(found, Drand):
            given = round_of(found)
        draw_steps.reveal(event.slug, number, given or draw_steps.own_chance())
    except (DrawRefused, BadDraw) as why:
        messages.error(request, str(why))
        return redirect(reverse("admin:events_event_draw", args=[event.pk]))
    return _done(model_admin, request, event, f"draw: {source}", _("%(source)s has spoken.") % {"source": source})


def _give_up(model_admin: admin.ModelAdmin[Event], request: HttpRequest, event: Event, why: str) -> HttpResponse:
    try:
        draw_steps.give_up(event.room, why)
    except DrawRefused as refused:
        messages.error(request, str(refused))
        return redirect(reverse("admin:events_event_draw", args=[event.pk]))
    return _done(model_admin, request, event, f"draw given up: {why}", _("The draw is given up, and the page says so."))
