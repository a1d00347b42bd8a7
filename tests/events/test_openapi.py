"""The OpenAPI document is true: every address of programs is in it, and nothing else is ever answered."""

import json
import os
import re
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import schemathesis
from django.conf import settings as site
from django.test import Client
from django.urls import resolve
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import validate
from schemathesis import Case, GenerationMode
from schemathesis.checks import CheckContext
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from events.door.codes import code_of
from events.models import EventStaff, Role, Ticket
from events.payments.sandbox import provider as practice
from tests.events.conftest import buy, hold, order, seats_of
from tests.events.programs import Asker, addresses, asker, document, strict
from tests.patience import until
from tests.waitingroom.web import Web, serving
from tiketi.health import PATHS
from waitingroom.cookie_names import visitor_cookie

# Requests of each operation, asker and kind; by hand, a few hundred.
EXAMPLES = int(os.environ.get("OPENAPI_EXAMPLES", "5"))
# Nothing of the site's is away; but nobody has read the fleet, and no worker runs.
MAY_BE_UNAVAILABLE = ("/api/scaling/desired", "/readyz")
ASKERS = ("nobody", "holder", "owner")
# What the gate answers whole, so that Django knows no such address.
GATES_OWN = "/api/events/{slug}/queue/"
# A draw's files need a draw, codes a door that wants them to move, pushes a key: those have tests of their own. The
# rest is not up.
DRAWS = {"drawMine", "drawRule", "drawCheckpoint", "drawBundle", "drawReceipt"}
PUSHES = {"pushOffer", "pushSubscribe", "pushForget"}
NOT_WALKED = DRAWS | PUSHES | {"desired", "readyz", "movingCodes"}


def all_is_well(_context: CheckContext, response: Response, case: Case[Any]) -> None:
    """No 500, and no 503 that hides one."""
    assert response.status_code < 500 or (response.status_code == 503 and case.path in MAY_BE_UNAVAILABLE)


CHECKS = [
    all_is_well,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def operations_of(schema: Any) -> list[Any]:
    """All operations of a document that is known to be one."""
    return [found.ok() for found in schema.get_all_operations()]


@pytest.fixture(scope="module")
def web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web")) as web:
        yield web


@pytest.fixture
def askers(transactional_db: None, web: Web, tonight: Any, make_buyer: Any) -> dict[str, Asker]:
    """Nobody; a buyer who holds seats; and one who has tickets, an order to pay, and checks tickets in."""
    slug, section = tonight.slug, tonight.plan.sections.get(code="A").pk
    until(lambda: web.knows(slug))
    holder, owner = make_buyer(), make_buyer()
    EventStaff.objects.create(event=tonight, account=owner, role=Role.ORGANISER)
    seats = seats_of(tonight)
    bought = buy(tonight, owner, *seats[:2])
    pending, payment = order(tonight, owner, seats[2])
    hold(tonight, holder, *seats[3:5])
    ticket = Ticket.objects.filter(line__order=bought).first()
    assert ticket is not None
    known: dict[str, list[Any]] = {
        "slug": [slug], "event": [slug], "section": [section], "seat": seats,
        "number": [bought.number, pending.number], "serial": [ticket.serial], "ticket": [ticket.pk, ticket.line_id],
        "code": [code_of(ticket), bought.number, owner.email], "name": ["sandbox"], "provider": ["sandbox"],
        "reference": [str(payment.reference)], "outcome": ["succeed", "fail"], "reason": ["mistake"],
        "agreed_won": [220_000], "agreed": [220_000, 110_000], "together": ["1"],
    }  # fmt: skip
    accounts = dict(zip(ASKERS, (None, holder, owner), strict=True))
    return {name: asker(account, known) for name, account in accounts.items()}


@pytest.mark.parametrize("who", ASKERS)
def test_whatever_programs_ask_they_get_what_the_document_says(askers: dict[str, Asker], web: Web, who: str):
    asking = askers[who]
    schema = schemathesis.openapi.from_dict(asking.knowing(strict(document())))
    to: dict[str, Any] = {
        "base_url": f"http://127.0.0.1:{web.port}",
        "session": asking.session,
        "headers": asking.headers(),
    }
    faults: dict[str, str] = {}
    for operation in operations_of(schema):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

            @settings(
                max_examples=EXAMPLES,
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case: Case[Any]) -> None:
                case.call_and_validate(**to, checks=CHECKS, timeout=20, allow_redirects=False)

            try:
                ask()
            except Unsatisfiable:  # it takes nothing that could be wrong
                continue
            except (Exception, BaseExceptionGroup) as fault:
                told = getattr(fault, "exceptions", [fault])
                faults[f"{operation.label} {mode.value}"] = "\n".join(map(str, told))
    assert not faults, "\n\n".join(f"== {label}\n{fault}" for label, fault in faults.items())


def test_every_operation_does_its_work_and_answers_as_the_document_says(askers: dict[str, Asker], web: Web):
    schema = schemathesis.openapi.from_dict(strict(document()))
    operations = {one.definition.raw["operationId"]: one for one in operations_of(schema)}
    done: set[str] = set()
    owner, holder = askers["owner"], askers["holder"]
    known = owner.known

    def ask(who: Asker, name: str, *, data: Any = None, body: Any = None, **path: Any) -> Any:
        operation = operations[name]
        address = operation.path.format(**{"slug": known["slug"][0], "name": "sandbox", **path})
        query = path.get("query", {})
        response = who.session.request(
            operation.method, f"http://127.0.0.1:{web.port}{address}", params=query, data=data, json=body,
            headers={**who.headers(), **path.get("headers", {})}, timeout=20, allow_redirects=False,
        )  # fmt: skip
        assert response.status_code < 300, (name, response.status_code, response.text)
        operation.validate_response(response)
        done.add(name)
        return response.json() if "json" in response.headers["Content-Type"] else response.text

    for name in ("clock", "healthz", "metrics", "openapi"):
        ask(askers["nobody"], name)
    assert ask(holder, "event")["status"] == "active"
    assert ask(holder, "queue")["status"] == "active"
    ask(holder, "here")
    seats = known["seat"]
    state = ask(holder, "seatsState", query={"section": known["section"][0]})
    assert state["seats"] == "2211100000"
    assert len(ask(holder, "held")["seats"]) == 2
    ask(holder, "extend")
    assert len(ask(holder, "drop", data={"seat": seats[4]})["seats"]) == 1
    ask(holder, "release")
    assert ask(holder, "hold", data={"seat": seats[3:5], "together": "1"})["together"] is True
    begun = ask(holder, "checkout", data={"agreed_won": 220_000})
    ask(holder, "sandboxPay", reference=begun["pay"].split("/")[-2], data={"outcome": "succeed"})
    assert ask(holder, "order", number=begun["order"])["tickets"] == 2

    notice = {"reference": known["reference"][0], "received_won": 110_000}
    signed = {"x-payment-signature": practice.sign(json.dumps(notice).encode())}
    assert ask(askers["nobody"], "callback", data=json.dumps(notice), headers=signed)["status"] == "received"

    door = {"event": known["slug"][0]}
    assert ask(owner, "doorScan", data=door | {"code": known["code"][0]})["admitted"] is True
    assert len(ask(owner, "doorScan", data=door | {"code": known["number"][0]})["found"]) == 2
    ask(owner, "doorUndo", data=door | {"ticket": known["ticket"][0], "reason": "mistake"})
    assert ask(owner, "doorCounts", query=door)["tickets"] == 5
    ask(owner, "doorList", query=door)
    scan = {"scan": str(uuid.uuid4()), "code": known["code"][0], "at": round(time.time() * 1000), "way": "in"}
    assert ask(owner, "doorReconcile", body=door | {"scans": [scan]})["outcomes"][0]["became"] == "taken"
    ask(holder, "event")  # who has bought is done inside
    ask(holder, "hold", data={"seat": seats[5]})
    assert ask(holder, "cancel", number=ask(holder, "checkout")["order"])["status"] == "abandoned"

    assert set(operations) - done == NOT_WALKED


def test_the_document_is_openapi_and_served_at_its_address(web: Web):
    validate(document())

    answer = requests.get(f"http://127.0.0.1:{web.port}/api/openapi.yaml", timeout=10)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/yaml")
    assert answer.content.decode().startswith("openapi: 3.1")


def test_every_address_of_programs_is_documented_and_none_besides():
    documented = set(document()["paths"])

    missing = set(addresses()) - documented - {"/draws/{name}"}  # the verifiers are programs themselves
    assert not missing
    for path in documented - PATHS - {GATES_OWN}:
        resolve(re.sub(r"{(\w+)}", lambda part: str(uuid.UUID(int=1)) if part[1] == "reference" else "x", path))


def test_the_cookies_that_the_document_names_are_the_sites():
    schemes = document()["components"]["securitySchemes"]

    assert (schemes["session"]["name"], schemes["visitor"]["name"]) == (site.SESSION_COOKIE_NAME, visitor_cookie())


@pytest.mark.django_db
@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize(
    ("method", "path", "status", "word"),
    [
        ("get", "/api/events/nowhere/", 404, "not-found"),
        ("get", "/api/nothing/", 404, "not-found"),
        ("get", "/orders/nowhere/nothing/", 404, "not-found"),
        ("get", "/orders/nowhere/cancel/", 405, "method-not-allowed"),
        ("post", "/orders/nowhere/cancel/", 403, "forbidden"),
    ],
)
def test_programs_read_errors_as_json_and_people_as_pages(
    settings: Any, debug: bool, method: str, path: str, status: int, word: str
):
    settings.DEBUG = debug
    ask: Callable[..., Any] = getattr(Client(enforce_csrf_checks=True), method)

    told = ask(path, headers={"accept": "application/json"})
    page = ask(path, headers={"accept": "text/html"})

    assert (told.status_code, told.json()["status"]) == (status, word)
    assert page.status_code == status
    if not path.startswith("/api/"):
        assert page["Content-Type"].startswith("text/html")
