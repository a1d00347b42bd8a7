"""The page that copies an event for another date."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.admin.event_pages import page_of
from events.models import Event
from events.moments import check_years
from events.staff.copying import copy_event, draft_copy
from waitingroom.models import WaitingRoom

A_WEEK = timedelta(days=7)


class CopyForm(forms.Form):
    """The copy's address and dates, refused in the words of the event's own form."""

    slug = forms.SlugField(label=gettext_lazy("address name"), max_length=80)
    starts_at = forms.SplitDateTimeField(label=gettext_lazy("event starts"), widget=AdminSplitDateTime)
    opens_at = forms.SplitDateTimeField(label=gettext_lazy("sale opens"), widget=AdminSplitDateTime)
    copy: Event

    def __init__(self, event: Event, data: Any = None) -> None:
        super().__init__(data, initial={name: getattr(event, name) + A_WEEK for name in ("starts_at", "opens_at")})
        self.event = event

    def clean(self) -> dict[str, Any]:
        """Make the copy, unsaved, and hold it to all rules of events and rooms."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        check_years({name: cleaned[name] for name in ("starts_at", "opens_at")})
        self.copy = draft_copy(self.event, **cleaned)
        for row in (self.copy.room, self.copy):
            try:
                row.full_clean(exclude={"room"})
            except ValidationError as error:
                for name, errors in error.error_dict.items():
                    self.add_error(name if name in self.fields else None, [str(said) for one in errors for said in one])
        return cleaned


def copying(model_admin: admin.ModelAdmin[Event], request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the copy's dates, and make it."""
    event = get_object_or_404(Event.objects.select_related("venue", "room"), pk=pk)
    may_add_room = request.user.has_perm(f"waitingroom.add_{WaitingRoom._meta.model_name}")
    if not (
        model_admin.has_view_permission(request, event) and model_admin.has_add_permission(request) and may_add_room
    ):
        raise PermissionDenied
    with timezone.override(event.zone):
        form = CopyForm(event, request.POST or None)
        if form.is_valid():
            made = copy_event(event, form.copy)
            model_admin.log_addition(request, made, f"copied from {event.slug}")
            messages.success(request, _("The event was copied with its prices, and without its orders."))
            return redirect(reverse("admin:events_event_change", args=[made.pk]))
        return page_of(model_admin, request, event, "copy", {"form": form, "title": _("Copy the event")})
