"""The addresses of what is sold."""

from django.urls import path

from events.views import api, pages

app_name = "events"
urlpatterns = [
    path("", pages.listing, name="list"),
    path("posters/<slug:slug>.<str:language>.svg", pages.poster, name="poster"),
    path("events/<slug:slug>/", pages.event_page, name="event"),
    path("events/<slug:slug>/leave/", pages.leave, name="leave"),
    path("api/events/<slug:slug>/", api.event, name="api-event"),
]
