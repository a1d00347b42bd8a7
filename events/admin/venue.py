"""Venues in the admin, with their plans."""

from django.contrib import admin

from events.admin.labelled import Labelled
from events.models import Plan, Venue


class PlanInline(Labelled, admin.TabularInline[Plan, Venue]):
    """The venue's plans; their seats are built on the plan's own page."""

    model = Plan
    extra = 0
    show_change_link = True


@admin.register(Venue)
class VenueAdmin(admin.ModelAdmin[Venue]):
    """Names, cities, addresses and clocks."""

    inlines = (PlanInline,)
    list_display = ("name_ko", "name_en", "city", "address_ko", "time_zone")
    list_filter = ("city",)
    search_fields = ("name_ko", "name_en")
