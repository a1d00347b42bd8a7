"""Who works at which event, and as what: a page of its own, each change with its history."""

from django.contrib import admin

from events.models import EventStaff
from waitingroom.history_admin import HistoryAdmin


@admin.register(EventStaff)
class EventStaffAdmin(HistoryAdmin):
    """By event or account; groups give rights at every event and are not needed besides."""

    list_display = ("account", "role", "event")
    list_filter = ("role", "event")
    list_select_related = ("account", "event")
    search_fields = ("account__username", "account__email", "event__title_ko", "event__title_en")
