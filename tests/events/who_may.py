"""Everybody who may come, every address of the site, and what each is answered: read and written as one table."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axes.models import AccessLog
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

from events.door.codes import code_of
from events.models import Event, EventStaff, Order, Role, StaffAct, Ticket
from events.staff.groups import BOX_OFFICE, SALES_MANAGERS

TABLE = Path(__file__).with_name("who_may.txt")
ACTORS = (
    "nobody", "buyer", "door", "finance", "box", "organiser", "elsewhere", "boxes", "managers", "superuser",
)  # fmt: skip
ROLES = {"door": Role.DOOR, "finance": Role.FINANCE, "box": Role.BOX_OFFICE, "organiser": Role.ORGANISER}
METHODS = ("GET", "POST")
# Where no part of the route says of which event: what is sent says it, and nothing besides.
AT_A_DOOR = {"events:door", "events:door-undo", "events:door-counts", "events:door-list"}
OF_A_DEVICE = "events:door-reconcile"


@dataclass(frozen=True)
class Address:
    """One of the urlconf: its name, its route, and a path of it that leads to a row of ours."""

    name: str
    path: str
    body: str = ""  # of a POST
    content_type: str = "application/octet-stream"


def addresses(rows: dict[str, Any]) -> Iterator[Address]:
    """Every address of the site, whoever added it. `rows` has what stands in for each part of a route."""
    for name, route in sorted(_routes(get_resolver().url_patterns)):
        path, event = f"/{_filled(name, route, rows)}", f"event={rows['slug']}"
        if name in AT_A_DOOR:
            yield Address(name, f"{path}?{event}", event, "application/x-www-form-urlencoded")
        elif name == OF_A_DEVICE:
            yield Address(name, path, json.dumps({"event": rows["slug"], "scans": []}), "application/json")
        else:
            yield Address(name, path)


def _routes(patterns: list[URLPattern | URLResolver], prefix: str = "", space: str = "") -> Iterator[tuple[str, str]]:
    for one in patterns:
        route = prefix + (str(one.pattern) if isinstance(one.pattern, RoutePattern) else _plain(str(one.pattern)))
        if isinstance(one, URLResolver):
            inner = f"{space}{one.namespace}:" if one.namespace else space
            yield from _routes(one.url_patterns, route, inner)
        else:
            yield f"{space}{one.name or route}", route


def _plain(pattern: str) -> str:
    """The routes that are regular expressions, as the other kind."""
    return pattern.strip("^$").replace("\\Z", "").replace("\\/", "/").replace("(?P<", "<").replace("\\.", ".")


def _filled(name: str, route: str, rows: dict[str, Any]) -> str:
    """The route with a value at each of its parts."""
    parts, rest = [], route
    while "<" in rest:
        before, _, after = rest.partition("<")
        part, _, rest = after.partition(">")
        if rest.startswith(("[", "\\", ".")) and ")" in rest:  # the end of a group of a regular expression
            rest = rest.partition(")")[2]
        key = part.rpartition(":")[2]
        parts += [before, str(rows.get(f"{name}/{key}", rows.get(key, "1")))]
    return "".join([*parts, rest])


def actors(event: Event, elsewhere: Event, buyer: User) -> dict[str, User | None]:
    """Who comes: by role at the event, by role at another one, by group, and by none of these."""
    staff: dict[str, User] = {}
    for name in ACTORS[2:]:
        staff[name] = User.objects.create_user(f"{name}-staff", password="x", is_staff=True)
    for name, role in ROLES.items():
        EventStaff.objects.create(event=event, account=staff[name], role=role)
    EventStaff.objects.create(event=elsewhere, account=staff["elsewhere"], role=Role.ORGANISER)
    for name, group in (("boxes", BOX_OFFICE), ("managers", SALES_MANAGERS)):
        staff[name].groups.add(Group.objects.get(name=group))
    User.objects.filter(username="superuser-staff").update(is_superuser=True)
    return {"nobody": None, "buyer": buyer, **staff}


def browsers(accounts: dict[str, User | None]) -> dict[str, str]:
    """Each one's session, if they have signed in."""
    found = {}
    for name, account in accounts.items():
        client = Client()
        if account:
            client.force_login(account)
            found[name] = client.cookies["sessionid"].value
    return found


def row_of(address: Address, sessions: dict[str, str]) -> dict[str, list[str]]:
    """By method what each is answered: a status; `in` where they are sent to sign in. Nothing that was done stays."""
    told: dict[str, list[str]] = {method: [] for method in METHODS}
    for method in METHODS:
        for name in ACTORS:
            point = transaction.savepoint()
            client = Client(raise_request_exception=False)
            if name in sessions:
                client.cookies["sessionid"] = sessions[name]
            answer = client.generic(
                method, address.path, address.body if method == "POST" else "", address.content_type
            )
            told[method].append(_said(answer))
            for close in vars(answer)["_resource_closers"]:  # of a file; close() would let the database go
                close()
            transaction.savepoint_rollback(point)
    return told


def _said(answer: Any) -> str:
    if answer.status_code in (301, 302):
        to = urlsplit(answer.headers["Location"]).path
        return "in" if to in ("/accounts/login/", "/admin/login/", "/accounts/reauthenticate/") else "302"
    return str(answer.status_code)


def lines(told: dict[Address, dict[str, list[str]]]) -> list[str]:
    """The table."""
    width = max(len(address.name) for address in told)
    head = " " * (width + 6) + " ".join(f"{name[:5]:<5}" for name in ACTORS)
    body = [
        f"{address.name:<{width}} {method:<4} " + " ".join(f"{one:<5}" for one in answers).rstrip()
        for address, methods in told.items()
        for method, answers in methods.items()
    ]
    return [head.rstrip(), *body]


def stand_ins(event: Event, order: Order, buyer: User) -> dict[str, Any]:
    """What each part of a route leads to."""
    ticket = Ticket.objects.filter(line__order=order).first()
    assert ticket is not None
    assert event.plan is not None
    member = EventStaff.objects.filter(event=event).first()
    assert member is not None
    rows = {
        "event": event.pk, "order": order.pk, "ticket": ticket.pk, "payment": order.payments.get().pk,
        "plan": event.plan.pk, "venue": event.venue.pk, "section": event.plan.sections.get(code="A").pk,
        "eventstaff": member.pk, "user": buyer.pk,
    }  # fmt: skip
    # What is there of these came by itself; which number it has is for what ran in this database before to say.
    there = {"group": Group, "accesslog": AccessLog, "staffact": StaffAct}
    rows |= {name: model.objects.values_list("pk", flat=True)[0] for name, model in there.items()}
    found: dict[str, Any] = {
        "slug": event.slug, "number": order.number, "section_id": rows["section"], "serial": ticket.serial,
        "language": "ko", "reference": order.payments.get().reference, "token": "x", "code": code_of(ticket),
        "version": "1", "kind": "orders", "form": "csv", "key": "x", "uidb36": "1", "object_id": "1", "pk": "1",
        "name": "sandbox", "app_label": "events", "content_type_id": "1", "url": "nowhere",
    }  # fmt: skip
    for model, pk in rows.items():
        for page in ("change", "delete", "history", "refund", "build", "correct", "decide", "password_change"):
            for app in ("events", "auth", "axes", "waitingroom"):
                found |= {f"admin:{app}_{model}_{page}/{key}": pk for key in ("object_id", "pk", "id")}
    for page in (
        "pricing",
        "price_list",
        "copy",
        "call_off",
        "export",
        "door",
        "state",
        "postpone",
        "progress",
        "sales",
        "new_resume",
        "new_what",
        "new_hall",
        "new_prices",
        "new_sale",
        "new_preview",
    ):
        found[f"admin:events_event_{page}/pk"] = event.pk
    found |= {"event-report/pk": event.pk, "event-report-export/pk": event.pk, "event-report-export/kind": "figures"}
    found["admin:waitingroom_waitingroom_change/object_id"] = event.room.pk
    for page in ("change", "delete", "history", "end_recovery"):
        found[f"admin:waitingroom_waitingroom_{page}/object_id"] = event.room.pk
        found[f"admin:waitingroom_waitingroom_{page}/pk"] = event.room.pk
    return found
