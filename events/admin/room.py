"""A room's settings by themselves: the room comes with its event, on the event's form, and goes with it."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

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

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """On the event's form."""
        return False
