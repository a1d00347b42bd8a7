"""The addresses of the console's acts, under the room's own."""

from django.contrib import admin
from django.urls import path

from tiketi.console.acts import views
from tiketi.console.acts.verbs import VERBS

app_name = "console-acts"
guard = admin.site.admin_view
urlpatterns = [
    path("acts/", guard(views.acts), name="page"),
    path("effect/", guard(views.effect), name="effect"),
    path("tune/", guard(views.tune), name="tune"),
    path("announce/", guard(views.announce), name="announce"),
    *(path(f"{verb}/", guard(views.stand), {"verb": verb}, name=verb) for verb in VERBS),
    path("admit/", guard(views.admit), name="admit"),
    path("pin/", guard(views.pin), name="pin"),
    path("lift/", guard(views.lift), name="lift"),
]
