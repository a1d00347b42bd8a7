"""The addresses of accounts that allauth's are not quite enough for."""

from django.urls import path

from events import accounts

urlpatterns = [path("login/", accounts.login, name="account_login")]
