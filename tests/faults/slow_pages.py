"""At every address a page that writes down when it is begun, and waits for a file."""

import os
import time
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.urls import re_path
from django.views.decorators.csrf import csrf_exempt

LONGEST_S = 30.0


@csrf_exempt
def page(request: HttpRequest) -> HttpResponse:
    """A page as slow as the test wants it: `?who` is written down."""
    with Path(os.environ["SLOW_BEGUN"]).open("a") as begun:
        begun.write(f"{request.META['QUERY_STRING']}\n")
    until = time.monotonic() + LONGEST_S
    while not Path(os.environ["SLOW_UNTIL"]).exists() and time.monotonic() < until:
        time.sleep(0.005)
    time.sleep(float(os.environ.get("SLOW_S", "0")))
    return HttpResponse("served")


urlpatterns = [re_path("", page)]
