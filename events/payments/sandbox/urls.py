"""The sandbox's page."""

from django.urls import path

from events.payments.sandbox import views

urlpatterns = [path("payments/sandbox/<uuid:reference>/", views.pay, name="sandbox")]
