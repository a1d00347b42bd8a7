"""Addresses of what waiting pages lead to; a site includes them outside of what the gate protects."""

from django.urls import path

from waitingroom import line_views, push_views

app_name = "line"
urlpatterns = [
    path("more.<str:language>.<str:edition>.js", line_views.more, name="more"),
    path("push-worker.js", push_views.worker, name="push-worker"),
    path("<slug:room>/push/", push_views.push, name="push"),
    path("<slug:room>/", line_views.ways, name="ways"),
]
