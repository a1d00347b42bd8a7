"""The OpenAPI document, and who asks by it: with what they hold, so that what is drawn gets past a first refusal."""

import inspect
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import requests
import yaml
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from events.accounts.places import visitor_of
from tiketi.programs import DOCUMENT
from waitingroom import slips
from waitingroom.cookie_names import visitor_cookie

CSRF = "a" * 32


def document() -> dict[str, Any]:
    """The document as it is published."""
    found: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text())
    return found


def strict(published: dict[str, Any]) -> dict[str, Any]:
    """The same for a judge of the site's own answers: a member that the document does not name is a fault."""
    judged = deepcopy(published)
    for schema in judged["components"]["schemas"].values():
        _close(schema)
    for response in _responses(judged):
        _close(response)
    judged["components"]["schemas"]["Held"].pop("additionalProperties")  # others are held and something more
    return judged


def _responses(judged: dict[str, Any]) -> list[Any]:
    told = list(judged["components"]["responses"].values())
    for path in judged["paths"].values():
        told += [
            response for method in path.values() if "responses" in method for response in method["responses"].values()
        ]
    return told


def addresses() -> Iterator[str]:
    """Every address of the site that answers programs, as the document writes addresses; the console's are its own."""
    for route, view in _routes(get_resolver().url_patterns):
        if not route.startswith(("admin/", "accounts/", "i18n/")) and _answers_programs(view):
            yield "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route).replace("{room}", "{slug}")


def _routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for one in patterns:
        route = f"{prefix}{one.pattern}"
        if isinstance(one, URLResolver):
            yield from _routes(one.url_patterns, route)
        else:
            yield route, one.callback


def _answers_programs(view: Any) -> bool:
    if hasattr(view, "for_programs"):
        return True
    plain = inspect.unwrap(view)
    if plain.__module__.startswith(("events.api.", "waitingroom.draw_views")):
        return True
    return "JsonResponse(" in inspect.getsource(plain)


def _close(part: Any) -> None:
    if isinstance(part, list):
        for one in part:
            _close(one)
    elif isinstance(part, dict):
        if isinstance(part.get("properties"), dict) and "allOf" not in part:
            part.setdefault("additionalProperties", False)
        for one in part.values():
            _close(one)


@dataclass
class Asker:
    """Somebody with a browser's cookies, and what they know: the values of parameters and fields that are real."""

    session: requests.Session
    known: dict[str, list[Any]]

    def headers(self) -> dict[str, str]:
        """What each request says besides."""
        return {"Accept": "application/json", "X-CSRFToken": CSRF}

    def knowing(self, judged: dict[str, Any]) -> dict[str, Any]:
        """The document for drawing from: half of the values of what this one knows are real."""
        drawn = deepcopy(judged)
        parameters = list(drawn["components"]["parameters"].values())
        for path in drawn["paths"].values():
            parameters += [one for one in path.get("parameters", []) if "name" in one]
            for method in (one for name, one in path.items() if name in ("get", "post")):
                parameters += [one for one in method.get("parameters", []) if "name" in one]
                for body in method.get("requestBody", {}).get("content", {}).values():
                    for name, schema in body["schema"].get("properties", {}).items():
                        self._mix(name, schema)
        for parameter in parameters:
            self._mix(parameter["name"], parameter["schema"])
        return drawn

    def _mix(self, name: str, schema: dict[str, Any]) -> None:
        if (values := self.known.get(name)) is None:
            return
        if schema.get("type") == "array":
            self._mix(name, schema["items"])
        elif "properties" not in schema:
            before = dict(schema)
            schema.clear()
            schema["anyOf"] = [{"enum": values}, before]


def asker(account: User | None, known: dict[str, list[Any]]) -> Asker:
    """Somebody, signed in if they have an account."""
    session = requests.Session()
    session.trust_env = False
    session.cookies.set("csrftoken", CSRF)
    if account is not None:
        client = Client()
        client.force_login(account)
        session.cookies.set(settings.SESSION_COOKIE_NAME, client.cookies[settings.SESSION_COOKIE_NAME].value)
        session.cookies.set(visitor_cookie(), slips.sign_visitor(visitor_of(account)))
    return Asker(session, known)
