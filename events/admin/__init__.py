"""What staff tune and look at: one module a page."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from events.admin import (
    accounts,
    document,
    door,
    event,
    event_staff,
    letter,
    order,
    payment,
    plan,
    refund_request,
    room,
    staff_act,
    venue,
)

__all__ = [
    "accounts",
    "document",
    "door",
    "event",
    "event_staff",
    "letter",
    "order",
    "payment",
    "plan",
    "refund_request",
    "room",
    "staff_act",
    "venue",
]

admin.site.site_header = admin.site.site_title = _("TIKETI staff")
admin.site.index_title = _("Sales and waiting rooms")
