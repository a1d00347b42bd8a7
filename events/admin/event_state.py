"""The event's state in the admin: publish, stop, resume; and the page that postpones."""

from collections.abc import Callable
from functools import partial

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from events.admin.event_pages import page_of
from events.admin.state_forms import PostponeForm, PublishForm, StopForm
from events.models import Event, Order, OrderState, Ticket
from events.sale import event_states
from events.sale.event_states import Decision, may
from events.sale.postponing import postpone
from events.sale.readiness import lacks_of
from events.sale.refusals import NotInThisState
from events.staff import may as staff


def directing(model_admin: admin.ModelAdmin[Event], request: HttpRequest, pk: int) -> HttpResponse:
    """Where the event stands, and what may be decided now."""
    event = get_object_or_404(Event.objects.select_related("room"), pk=pk)
    user = _director(request, event)
    publish_form, stop_form = PublishForm(), StopForm()
    if request.method == "POST":
        decided: Callable[[], Event] | None = None
        match request.POST.get("decision"):
            case "publish":
                publish_form = PublishForm(request.POST)
                with timezone.override(event.zone):  # as it is shown
                    valid = publish_form.is_valid()
                if valid:
                    decided = partial(event_states.publish, pk, by=user, at=publish_form.cleaned_data["at"])
            case "withdraw":
                decided = partial(event_states.withdraw, pk, by=user)
            case "stop":
                stop_form = StopForm(request.POST)
                if stop_form.is_valid():
                    decided = partial(event_states.stop, pk, by=user, **stop_form.cleaned_data)
            case "resume":
                decided = partial(event_states.resume, pk, by=user)
        if decided is not None:
            return _decide(model_admin, request, event, decided)
    page = {
        "title": _("State"),
        "state": event.state(),
        "publish_form": publish_form,
        "stop_form": stop_form,
        "may": {decision.name.lower(): may(event, decision) for decision in Decision},
        "lacks": lacks_of(event, timezone.now()) if may(event, Decision.PUBLISH) else [],
    }
    return page_of(model_admin, request, event, "state", page)


def _decide(
    model_admin: admin.ModelAdmin[Event], request: HttpRequest, event: Event, decided: Callable[[], Event]
) -> HttpResponse:
    try:
        changed = decided()
    except NotInThisState as why:
        messages.error(request, str(why))
    except ValidationError as why:  # somebody else decided between the form's look and the lock
        messages.error(request, " ".join(why.messages))
    else:
        state = changed.state()
        model_admin.log_change(request, event, f"state: {state.value}")
        messages.success(request, _("The event is now: %(state)s.") % {"state": state.label})
    return redirect(reverse("admin:events_event_state", args=[event.pk]))


def postponing(model_admin: admin.ModelAdmin[Event], request: HttpRequest, pk: int) -> HttpResponse:
    """Say what another date does, and do it once that was confirmed."""
    event = get_object_or_404(Event.objects.select_related("room"), pk=pk)
    user = _director(request, event)
    form = PostponeForm(event, request.POST or None)
    with timezone.override(event.zone):  # as it is shown
        valid = form.is_valid()
    if valid:
        told = {name: value for name, value in form.cleaned_data.items() if name != "confirmed"}
        return _decide(model_admin, request, event, lambda: postpone(pk, by=user, **told))
    page = {
        "title": _("Postpone"),
        "form": form,
        "may_postpone": may(event, Decision.POSTPONE),
        "paid": Order.objects.filter(event=event, state=OrderState.PAID).count(),
        "tickets": Ticket.objects.filter(line__order__event=event, voided_at=None).count(),
        "media": form.media,
    }
    return page_of(model_admin, request, event, "postpone", page)


def _director(request: HttpRequest, event: Event) -> User:
    if not (isinstance(request.user, User) and staff.may(request.user, "events.direct_event", event)):
        raise PermissionDenied
    return request.user
