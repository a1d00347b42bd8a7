"""Django's admin, with the staff's console for its site."""

from django.contrib.admin.apps import AdminConfig


class StaffSiteConfig(AdminConfig):
    """In the place of `django.contrib.admin`."""

    default_site = "tiketi.staff_site.StaffSite"
