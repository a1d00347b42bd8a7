"""What the four steps have in common: a draft under lock, who may, what the page says of the others."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.admin.event_form import changed_meanwhile, version_of
from events.models import Event, SaleState
from events.moments import moment
from events.sale import event_states
from events.sale.readiness import Part, lacks_of
from events.sale.refusals import NotInThisState
from events.sale.repricing import lock_sale
from waitingroom.models import WaitingRoom

Admin = admin.ModelAdmin[Event]
Page = Callable[[Admin, HttpRequest, Event], HttpResponse]
NAMES: dict[Part, Promise | str] = {
    Part.WHAT: gettext_lazy("What and where"),
    Part.HALL: gettext_lazy("The hall"),
    Part.PRICES: gettext_lazy("Prices"),
    Part.SALE: gettext_lazy("The sale"),
}


class NoDraft(Exception):
    """The event is public: it is changed on its own form."""


@dataclass(frozen=True)
class Step:
    """A step as the page shows it."""

    number: int
    part: Part
    name: Promise | str
    address: str  # "" before there is an event
    is_done: bool


class SeenForm(forms.Form):
    """A form about a draft that somebody else may have saved since it was shown; inside `lock_draft`'s transaction."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, event: Event, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.event = event
        self.fields["seen"].initial = version_of(event)

    def clean(self) -> dict[str, Any]:
        """Refuse what was shown as it no longer is."""
        cleaned = super().clean() or {}
        if cleaned.get("seen") != version_of(self.event):
            raise ValidationError(changed_meanwhile(self.event), code="changed")
        return cleaned


def of_a_draft(page: Page) -> Callable[[Admin, HttpRequest, int], HttpResponse]:
    """A page about a draft, for who may change it, by the clock of its venue; a public event has its own form."""

    @wraps(page)
    def checked(model_admin: Admin, request: HttpRequest, pk: int) -> HttpResponse:
        event = get_object_or_404(Event.objects.select_related("venue", "room", "plan"), pk=pk)
        if not model_admin.has_change_permission(request, event):
            raise PermissionDenied
        try:
            if event.sale_state() is not SaleState.DRAFT:
                raise NoDraft
            with timezone.override(event.zone):
                return page(model_admin, request, event)
        except NoDraft:
            messages.info(request, _("This event is published. It is changed on this form."))
            return redirect("admin:events_event_change", pk)

    return checked


def lock_draft(pk: int) -> Event:
    """The draft, with its plan and its room locked until the transaction ends. Raises NoDraft."""
    event = lock_sale(pk)
    if event.sale_state() is not SaleState.DRAFT:
        raise NoDraft
    event.room = WaitingRoom.objects.select_for_update(no_key=True).get(slug=event.slug)
    return event


def note(model_admin: Admin, request: HttpRequest, event: Event, part: Part) -> None:
    """On record, in the admin's log and so among the acts of the staff; the last thing that a step does.

    What was to be published at some instant was another draft: it is published by nobody's word but a new one. Raises
    NoDraft where the instant came meanwhile.
    """
    model_admin.log_change(request, event, f"new event: {part}")
    if event.announced_at is None or not isinstance(request.user, User):
        return
    try:
        event_states.withdraw(event.pk, by=request.user)
    except NotInThisState as error:
        raise NoDraft from error
    said = _(
        "It was to be published at %(at)s as it was before, and is not any more: look at the last step, and publish it "
        "or name an instant again."
    )
    messages.warning(request, said % {"at": moment(event.announced_at, event.zone)})


def go_on(event: Event, part: Part) -> HttpResponse:
    """To the step after this one."""
    parts = list(Part)
    return redirect(address_of(event, parts[parts.index(part) + 1]))


def address_of(event: Event, part: Part) -> str:
    """A step's page."""
    return reverse(f"admin:events_event_new_{part}", args=[event.pk])


def first_lack(event: Event) -> Part:
    """The step where the work goes on."""
    return next((lack.part for lack in lacks_of(event, timezone.now())), Part.SALE)


def page_of(
    model_admin: Admin, request: HttpRequest, part: Part, event: Event | None, page: dict[str, object]
) -> HttpResponse:
    """A step's page; where it refuses what was sent, nothing of that is kept (the caller's transaction is undone)."""
    lacks = lacks_of(Event.objects.get(pk=event.pk), timezone.now()) if event is not None else []
    lacking = {lack.part for lack in lacks}
    steps = [
        Step(
            number=number,
            part=each,
            name=NAMES[each],
            address=address_of(event, each) if event is not None else "",
            is_done=event is not None and each not in lacking,
        )
        for number, each in enumerate(Part, 1)
    ]
    context = {**model_admin.admin_site.each_context(request), "event": event, "opts": model_admin.opts, **page}
    context |= {"steps": steps, "part": part, "lacks": lacks, "title": _("New event")}
    context |= {"step": next(step for step in steps if step.part is part)}
    return render(request, f"admin/events/event/guided/{part}.html", context)


def undone() -> None:
    """Let nothing of this transaction stay: what was sent is refused, and the page is shown once more."""
    transaction.set_rollback(True)
