"""Who works at which event, and as what: a page of its own, each change with its history."""

from typing import TYPE_CHECKING

from django.contrib import admin
from simple_history.admin import SimpleHistoryAdmin

from events.models import EventStaff

if TYPE_CHECKING:
    HistoryAdmin = admin.ModelAdmin[EventStaff]
else:
    HistoryAdmin = SimpleHistoryAdmin


@admin.register(EventStaff)
class EventStaffAdmin(HistoryAdmin):
    """By event or account; groups give rights at every event and are not needed besides."""

    list_display = ("account", "role", "event")
    list_filter = ("role", "event")
    list_select_related = ("account", "event")
    search_fields = ("account__username", "account__email", "event__title_ko", "event__title_en")

    def revert_disabled(self, request: object, obj: EventStaff | None = None) -> bool:
        """The history is there to be read."""
        return True
