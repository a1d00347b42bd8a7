"""Venues in the admin."""

from django.contrib import admin

from events.models import Venue


@admin.register(Venue)
class VenueAdmin(admin.ModelAdmin[Venue]):
    """Names and addresses."""

    list_display = ("name_ko", "name_en", "address_ko")
    search_fields = ("name_ko", "name_en")
