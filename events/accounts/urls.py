"""The addresses of accounts that allauth's are not quite enough for."""

from django.urls import path

from events.accounts import places
from events.views import privacy

urlpatterns = [
    path("login/", places.login, name="account_login"),
    path("me/", privacy.account, name="account_home"),
    path("me/data/", privacy.download, name="account_data"),
    path("me/delete/", privacy.delete, name="account_delete"),
]
