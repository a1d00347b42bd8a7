"""The sandbox's page, under the site's addresses for payments."""

from django.urls import path

from events.payments.sandbox import views

urlpatterns = [path("<uuid:reference>/", views.pay, name="sandbox")]
