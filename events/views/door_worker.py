"""The script that keeps the door's page at hand while there is no network."""

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_safe

# What the page needs to run without a network.
ASSETS = (
    "css/site.css",
    "css/parts.css",
    "events/orders.css",
    "events/door.css",
    "events/door/page.js",
    "events/door/camera.js",
    "events/door/codes.js",
    "events/door/offline.js",
    "events/door/signals.js",
    "events/door/store.js",
    "events/jsqr/jsQR.js",
    "img/favicon.svg",
)


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker: by its address it has the door's pages and no others."""
    page = {"assets": [static(path) for path in ASSETS], "door": reverse("events:door")}
    answer = render(request, "events/door_worker.js", {"facts": json.dumps(page)}, content_type="text/javascript")
    answer["Cache-Control"] = "no-cache"
    return answer
