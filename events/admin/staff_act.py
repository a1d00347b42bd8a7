"""The acts of the staff in the admin: to be read, by whoever answers for them."""

from django.contrib import admin

from events.admin.order import OnlyToLookAt
from events.models import StaffAct


@admin.register(StaffAct)
class StaffActAdmin(OnlyToLookAt, admin.ModelAdmin[StaffAct]):
    """The newest first; by person, by event, by day."""

    list_display = ("at", "who", "act", "kind", "about", "event", "reason", "address")
    list_filter = ("kind", "act")
    search_fields = ("who", "about", "event", "reason")
    date_hierarchy = "at"
    fields = ("at", "who", "address", "act", "kind", "about", "event", "reason", "values")
    show_full_result_count = False
