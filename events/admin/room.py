"""A room's settings by themselves: the room comes with its event, on the event's form, and goes with it."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from waitingroom.admin import WaitingRoomAdmin
from waitingroom.models import WaitingRoom

if TYPE_CHECKING:
    RoomAdmin = admin.ModelAdmin[WaitingRoom]
else:
    RoomAdmin = WaitingRoomAdmin

admin.site.unregister(WaitingRoom)


@admin.register(WaitingRoom)
class EventRoomAdmin(RoomAdmin):
    """To tune and to read; a room without an event would guard a page that nobody finds."""

    change_form_template = "admin/events/room/change_form.html"

    list_display = ("title", *WaitingRoomAdmin.list_display)
    list_display_links = ("title", "slug")
    list_select_related = ("event",)
    search_fields = ("slug", "event__title_ko", "event__title_en")

    @admin.display(description=_("event"), ordering="event__title_ko")
    def title(self, room: WaitingRoom) -> str:
        """What people come for."""
        event = getattr(room, "event", None)
        return event.title if event else "—"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """On the event's form."""
        return False
