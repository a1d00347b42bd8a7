"""Addresses of a draw's public files; a site includes them where it likes, outside of what the gate protects."""

from django.urls import path

from waitingroom import draw_views

app_name = "draws"
urlpatterns = [
    path("<str:name>", draw_views.verifier, name="verifier"),
    path("<slug:room>/rule", draw_views.rule, name="rule"),
    path("<slug:room>/checkpoint", draw_views.checkpoint, name="checkpoint"),
    path("<slug:room>/bundle.json", draw_views.bundle, name="bundle"),
    path("<slug:room>/receipt.json", draw_views.receipt, name="receipt"),
]
