"""A page that fails where a ticket is, and one that asks the database and Redis."""

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from tests.stack.failing.tasks import work
from tiketi.urls import urlpatterns as of_the_site
from waitingroom.redis import client


@csrf_exempt
def fail(request: HttpRequest, serial: str) -> HttpResponse:
    """What was sent is in variables here, and some of it in the error's words."""
    sent = (request.body, request.headers.get("cookie"), request.build_absolute_uri())
    assert all(sent)
    raise ValueError(f"no ticket for {request.GET['email']} from {request.headers.get('x-forwarded-for')}")


def ask(request: HttpRequest, serial: str) -> HttpResponse:
    """The database, Redis, and a task behind it."""
    User.objects.filter(email=request.GET["email"]).exists()
    client().get(f"nothing of {request.GET['email']}")
    work.delay(request.GET["email"], "")
    return HttpResponse("asked")


handler500 = "tiketi.database_away.server_error"
urlpatterns = [path("tickets/<slug:serial>/fail/", fail), path("tickets/<slug:serial>/ask/", ask), *of_the_site]
