"""An event's door in the admin: when it is open, its entrances, re-entry, moving codes."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from events.admin.by_event import ByEvent
from events.models import Event, EventDoor
from events.models.door import door_of
from events.staff.may import may
from waitingroom.history_admin import HistoryAdmin


@admin.register(EventDoor)
class EventDoorAdmin(ByEvent, HistoryAdmin):
    """Each event has one door, made by itself; its key is nobody's to look at."""

    fields = ("event", ("opens_minutes_before", "closes_minutes_after"), "entrances", "reentry", "moving_codes")
    readonly_fields = ("event",)
    list_display = ("event", "opens_minutes_before", "closes_minutes_after", "reentry", "moving_codes")
    list_select_related = ("event",)
    search_fields = ("event__title_ko", "event__title_en", "event__room__slug")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds: an event's door is there when it is asked for."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """It goes with its event, and not otherwise: the key of printed codes would be gone."""
        page = request.resolver_match
        with_its_event = page is not None and page.url_name in ("events_event_delete", "events_event_changelist")
        return with_its_event and request.user.has_perm("events.delete_event")


def door_settings(request: HttpRequest, pk: int) -> HttpResponse:
    """From an event to its door."""
    event = get_object_or_404(Event, pk=pk)
    if not any(may(request.user, f"events.{verb}_eventdoor", event) for verb in ("view", "change")):
        raise PermissionDenied
    return redirect("admin:events_eventdoor_change", door_of(event).pk)
