"""Who may send a large body: signed-in staff, asked before the body is read."""

from io import BytesIO
from typing import Any

from django.contrib.auth.middleware import get_user
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.handlers.asgi import ASGIRequest
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse

from tiketi.request_limits import declared_bytes
from waitingroom.conf import conf


def is_large(scope: dict[str, Any]) -> bool:
    """Whether the request declares more than anybody may send; request_limits.py refused what is beyond staff's."""
    return (declared_bytes(scope["headers"]) or 0) > int(conf.MAX_BODY_BYTES)


def may_upload(scope: dict[str, Any]) -> bool:
    """Whether it is staff who asks; blocks. While the database is away it is nobody."""
    request = ASGIRequest(scope, BytesIO())
    SessionMiddleware(lambda _: HttpResponse()).process_request(request)
    try:
        user = get_user(request)
    except (OperationalError, InterfaceError):
        return False
    return bool(user.is_active and user.is_staff)
