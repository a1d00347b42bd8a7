"""The sandbox's page."""

from django.urls import path

from events.api.answers import two_forms
from events.payments.sandbox import views

urlpatterns = [path("payments/sandbox/<uuid:reference>/", two_forms(views.pay, views.pay_by_program), name="sandbox")]
