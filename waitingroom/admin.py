"""Waiting rooms in the admin, for sites whose own pages do not carry the fields."""

from django.contrib import admin
from simple_history.admin import SimpleHistoryAdmin

from waitingroom.models import WaitingRoom


@admin.register(WaitingRoom)
class WaitingRoomAdmin(SimpleHistoryAdmin):  # type: ignore[misc]  # simple_history has no types
    """The settings, with their history."""

    list_display = ("slug", "mode", "threshold", "users_per_minute_per_instance", "updated_at")
    list_filter = ("mode",)
    search_fields = ("slug",)
