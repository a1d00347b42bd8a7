"""The console's addresses, within the admin."""

from django.contrib import admin
from django.urls import path

from tiketi.console import pages

urlpatterns = [
    path("", admin.site.admin_view(pages.overview), name="console"),
    path("<slug:slug>/", admin.site.admin_view(pages.sale), name="console-sale"),
]
