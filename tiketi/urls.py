"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path

from scaling.prewarm_page import prewarm_plan
from tiketi.language import choose_language
from tiketi.sale_report import pages as sale_report

urlpatterns = [
    path("admin/scaling/prewarm-plan/<slug:slug>/", admin.site.admin_view(prewarm_plan), name="prewarm-plan"),
    path("admin/console/", include("tiketi.console.urls")),
    path("admin/events/event/<key:pk>/report/", admin.site.admin_view(sale_report.page), name=sale_report.PAGE),
    path(
        "admin/events/event/<key:pk>/report/<slug:kind>.<slug:form>/",
        admin.site.admin_view(sale_report.export),
        name="event-report-export",
    ),
    path("admin/console/<slug:slug>/", include("tiketi.console.acts.urls")),
    path("admin/", admin.site.urls),
    path("accounts/", include("events.accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("i18n/setlang/", choose_language, name="set_language"),
    path("draws/", include("waitingroom.draw_urls")),
    path("line/", include("waitingroom.line_urls")),
    path("", include("tiketi.desired")),
    path("", include("tiketi.programs")),
    path("", include("events.urls")),
]

handler500 = "tiketi.database_away.server_error"
