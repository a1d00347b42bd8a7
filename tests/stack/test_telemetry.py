"""Errors to Sentry and traces to a collector: nothing where nobody asks, nobody's data, and nobody waits for either."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings
from websockets.exceptions import WebSocketException

from tests.patience import BUSY_S, until
from tests.silence import mute_server
from tests.site import FOREIGN, ROOT
from tests.stack.sink import Sink, attributes, sink
from tests.stack.test_alive import asked
from tests.stack.test_environment import REAL, started
from tests.waitingroom.line import join_call
from tests.waitingroom.web import serving
from tiketi import telemetry
from tiketi.celery import app
from tiketi.environment import Environment
from tiketi.log_privacy import hashed
from tiketi.processes import read_procfile
from waitingroom import configure, slips
from waitingroom.models import WaitingRoom
from waitingroom.redis import run_now

EMAIL, TICKET, ADDRESS, PASSWORD, TOKEN = (
    "minji.kim@example.com",
    "T1cketC0deOfHers",
    "8.8.4.4",
    "winter-song-42",
    "s3cr3t-t0ken",
)
VISITOR = "0123456789abcdef0123456789abcdef"
LIBRARIES = ("sentry_sdk", "opentelemetry")
FAILING = REAL | {
    "DJANGO_SETTINGS_MODULE": "tests.stack.failing.settings",
    "TRUSTED_PROXIES": "127.0.0.1",
    "ALLOWED_HOSTS": "tickets.example.com,127.0.0.1",
    "HTTPS": "0",
    "SITE_ADDRESS": "http://tickets.example.com",
}
SOON = {"OTEL_BSP_SCHEDULE_DELAY": "50"}


def cookie() -> str:
    """The visitor's, as the site under test signs it."""
    with override_settings(SECRET_KEY=REAL["SECRET_KEY"]):
        return f"visitor={slips.sign_visitor(VISITOR)}; sessionid={TOKEN}"


def headers(**more: str) -> str:
    """Those of a visitor behind the balancer, with everything that says who it is."""
    told = {
        "Host": "tickets.example.com",
        "X-Forwarded-For": ADDRESS,
        "Cookie": cookie(),
        "User-Agent": f"telephone of {EMAIL}",
        **more,
    }
    return "".join(f"{name}: {value}\r\n" for name, value in told.items())


@pytest.fixture
def room(transactional_db: None) -> Iterator[WaitingRoom]:
    """One with a single place."""
    made = WaitingRoom.objects.create(slug=f"room-{uuid.uuid4().hex[:12]}", threshold=1)
    made.announce()
    yield made
    configure.remove(made.slug)


@contextmanager
def worker(folder: Path, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    """The Procfile's worker of the failing site."""
    env = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    env |= FAILING | {
        "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
        "REDIS_URL": settings.REDIS_URL,
        "TIKETI_LOCAL_DIR": str(folder),
        "PYTHONWARNINGS": "ignore",  # Celery's reproach to who runs tests as root
        **environment,
    }
    command = f"exec {shlex.quote(sys.executable)} -m {read_procfile(ROOT / 'Procfile')['worker']}"
    with (folder / "worker").open("wb") as out:
        process = subprocess.Popen(
            ["sh", "-c", command], cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def test_who_tells_nobody_has_not_even_imported_what_would():
    code = "import sys, tiketi.web; print([name for name, one in sys.modules.items() if one and name.startswith({})])"

    for variables in ({}, REAL, {"SENTRY_DSN": "", "OTEL_EXPORTER_OTLP_ENDPOINT": ""}, {"OTEL_SERVICE_NAME": "x"}):
        done = started("-c", code.format(LIBRARIES), **variables)
        assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr


@pytest.mark.parametrize(
    ("variables", "library"),
    [
        ({"SENTRY_DSN": "http://key@127.0.0.1:9/1"}, "sentry_sdk"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, "opentelemetry"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:9/v1/traces"}, "opentelemetry"),
    ],
)
def test_who_asks_for_one_has_that_one_alone(variables: dict[str, str], library: str):
    code = f"import sys, tiketi.web; print([name for name in {LIBRARIES} if sys.modules.get(name)])"

    assert started("-c", code, **variables).stdout == f"{[library]}\n"


def test_a_page_a_socket_and_a_task_that_fail_are_told_to_sentry_with_nobodys_data(room: WaitingRoom, tmp_path: Path):
    with sink() as kept:
        told = {"SENTRY_DSN": kept.dsn, "SCALING_ENVIRONMENT": "dress rehearsal", "SENTRY_RELEASE": "tiketi@7"}
        with serving(tmp_path, FAILING | told) as web:
            until(lambda: web.knows(room.slug))
            path = f"/tickets/{TICKET}/fail/?email={EMAIL}&token={TOKEN}"
            body = json.dumps({"password": PASSWORD})
            length = {"Content-Type": "application/json", "Content-Length": str(len(body))}
            status, head, _ = asked(web.port, path, headers(**length), "POST", body)
            assert status == 500
            until(lambda: len(kept.events()) == 1)
            with pytest.raises((WebSocketException, OSError)):
                web.open(
                    room.slug, None, origin="http://tickets.example.com", cookie=cookie(), query=f"?fail={EMAIL}"
                ).recv(20)
            until(lambda: len(kept.events()) == 2)
        with worker(tmp_path, **told):
            task = app.send_task("tests.stack.failing.tasks.fail", [EMAIL], queue="work")
            until(lambda: len(kept.events()) == 3, within=60)
        page, socket, job = kept.events()
        text = kept.text()

    for event in (page, socket, job):
        assert event["exception"]["values"][-1]["type"] == "ValueError"
        assert event["exception"]["values"][-1]["value"].startswith("no ")
        assert event["exception"]["values"][-1]["stacktrace"]["frames"][-1]["filename"].startswith(
            "tests/stack/failing/"
        )
        assert (event["release"], event["environment"], event["level"]) == ("tiketi@7", "dress-rehearsal", "error")
        assert event.keys() <= {*OF_A_REPORT}
    assert page["transaction"] == "tickets/<slug:serial>/fail/"
    assert page["tags"]["request_id"] in head.decode()
    assert "[email] from [address]" in page["exception"]["values"][-1]["value"]
    assert page["tags"]["visitor"] == hashed_by_the_site(VISITOR)
    assert (job["transaction"], job["tags"]["task_id"]) == ("tests.stack.failing.tasks.fail", task.id)
    assert [
        secret for secret in (EMAIL, TICKET, ADDRESS, PASSWORD, TOKEN, VISITOR, "telephone") if secret in text
    ] == []


OF_A_REPORT = {
    "event_id", "timestamp", "platform", "level", "logger", "logentry", "exception", "transaction", "tags", "release",
    "environment", "server_name", "sdk",
}  # fmt: skip


def hashed_by_the_site(visitor: str) -> str:
    """As the site under test names them in its log."""
    with override_settings(SECRET_KEY=REAL["SECRET_KEY"]):
        return hashed(visitor)


def test_an_outage_is_one_report_and_not_one_a_visitor(transactional_db: None, tmp_path: Path):
    with sink() as kept, serving(tmp_path, FAILING | {"SENTRY_DSN": kept.dsn}) as web:
        for _ in range(30):
            assert asked(web.port, f"/tickets/{TICKET}/fail/?email={EMAIL}", headers())[0] == 500
        until(lambda: len(kept.events()) >= 5)
        time.sleep(0.3)  # more would have come with them

        assert len(kept.events()) == 5


def test_requests_are_transactions_where_a_share_of_them_is_asked_for_and_say_no_more_than_their_shape(
    transactional_db: None, tmp_path: Path
):
    with sink() as kept:
        told = {"SENTRY_DSN": kept.dsn, "SENTRY_TRACES_SAMPLE_RATE": "1"}
        with serving(tmp_path, FAILING | told) as web:
            stranger = {"sentry-trace": "0" * 31 + "1-0000000000000001-0", "baggage": f"sentry-user={EMAIL}"}
            assert asked(web.port, f"/tickets/{TICKET}/ask/?email={EMAIL}", headers(**stranger))[0] == 200
            assert asked(web.port, f"/tickets/{TICKET}/fail/?email={EMAIL}", headers())[0] == 500
            until(lambda: len(kept.events()) == 3)
        told_of = {event["transaction"]: event for event in kept.events() if event.get("type") == "transaction"}
        errors = [event for event in kept.events() if "exception" in event]
        text = kept.text()

    assert len(errors) == 1
    assert set(told_of) == {"GET tickets/<slug:serial>/ask/", "GET tickets/<slug:serial>/fail/"}
    asking = told_of["GET tickets/<slug:serial>/ask/"]
    assert any("auth_user" in span["description"] for span in asking["spans"])
    assert asking["contexts"]["trace"]["trace_id"] != "0" * 31 + "1"
    assert [secret for secret in (EMAIL, TICKET, ADDRESS, TOKEN, VISITOR, "telephone") if secret in text] == []


def test_a_request_and_its_task_are_a_trace_with_nobodys_data_and_the_line_is_in_none(
    room: WaitingRoom, tmp_path: Path
):
    run_now([join_call(room.slug, "inside")])  # and there is no second place
    trace = "0af7651916cd43dd8448eb211c80319c"
    brought = {"traceparent": f"00-{trace}-b7ad6b7169203331-01", "baggage": f"who={EMAIL}"}
    with sink() as kept:
        told = {"OTEL_EXPORTER_OTLP_ENDPOINT": kept.collector, **SOON, "OTEL_RESOURCE_ATTRIBUTES": "team=blue"}
        with serving(tmp_path, FAILING | told) as web, worker(tmp_path, **told):
            until(lambda: web.knows(room.slug))
            for path in (
                f"/api/events/{room.slug}/queue/",
                f"/api/events/{room.slug}/",
                "/healthz",
                "/readyz",
                "/metrics",
            ):
                asked(web.port, path, headers())
            status, head, _ = asked(web.port, f"/tickets/{TICKET}/ask/?email={EMAIL}", headers(**brought))
            assert status == 200
            app.send_task("tests.stack.failing.tasks.fail", [EMAIL], queue="work")
            until(
                lambda: {"run/tests.stack.failing.tasks.work", "run/tests.stack.failing.tasks.fail"} <= names(kept),
                within=60,
            )
            until(lambda: "GET tickets/<slug:serial>/ask/" in names(kept))
        spans, text = kept.spans(), kept.text()
        whose = kept.resources()

    by_name = {span.name: span for span in spans}
    request = by_name["GET tickets/<slug:serial>/ask/"]
    assert request.trace_id.hex() == trace  # a trusted proxy brought it
    same = {span.name for span in spans if span.trace_id == request.trace_id}
    assert {"GET", "apply_async/tests.stack.failing.tasks.work", "run/tests.stack.failing.tasks.work"} <= same
    told_of = attributes(request)
    assert (told_of["http.route"], told_of["http.status_code"]) == ("tickets/<slug:serial>/ask/", 200)
    assert told_of["tiketi.request_id"] in head.decode()
    assert told_of["tiketi.visitor"] == hashed_by_the_site(VISITOR)
    failed = by_name["run/tests.stack.failing.tasks.fail"]
    assert "[email]" in attributes(failed.events[0])["exception.message"]
    # No page, poll or question of a machine that was answered before Django, and no query by itself.
    alone = {span.name for span in spans if not span.parent_span_id}
    assert failed.name in alone <= {failed.name, "run/tests.stack.failing.tasks.work"}  # another test's, perhaps
    assert room.slug not in text
    assert (whose["service.name"], whose["team"], whose["service.version"]) == ("tiketi", "blue", "unreleased")
    assert [secret for secret in (EMAIL, TICKET, ADDRESS, TOKEN, VISITOR, "telephone") if secret in text] == []


def names(kept: Sink) -> set[str]:
    return names_of(kept.spans())


def names_of(spans: list[Any]) -> set[str]:
    return {span.name for span in spans}


def test_a_strangers_header_begins_and_joins_no_trace(transactional_db: None, tmp_path: Path):
    trace = "0af7651916cd43dd8448eb211c80319c"
    with sink() as kept:
        told = {"OTEL_EXPORTER_OTLP_ENDPOINT": kept.collector, **SOON, "TRUSTED_PROXIES": "10.0.0.0/24"}
        with serving(tmp_path, FAILING | told) as web:
            asked(
                web.port,
                f"/tickets/{TICKET}/ask/?email={EMAIL}",
                headers(traceparent=f"00-{trace}-b7ad6b7169203331-00"),
            )
            until(lambda: "GET tickets/<slug:serial>/ask/" in names(kept))

        assert trace not in {span.trace_id.hex() for span in kept.spans()}


def test_queries_are_in_the_trace_without_what_they_ask_for_and_the_last_spans_leave_at_the_end(postgres_url: str):
    code = (
        "import django; django.setup()\n"
        "from django.db import connection\n"
        "from opentelemetry import trace\n"
        "with trace.get_tracer('test').start_as_current_span('asking', kind=trace.SpanKind.SERVER):\n"
        f"    connection.cursor().execute('SELECT %s', [{EMAIL!r}])\n"
    )
    with sink() as kept:
        done = started(
            "-c", code, DJANGO_SETTINGS_MODULE="tiketi.settings", DATABASE_URL=postgres_url,
            OTEL_EXPORTER_OTLP_ENDPOINT=kept.collector,
        )  # fmt: skip
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        (asking,) = [span for span in kept.spans() if span.name == "asking"]
        (query,) = [span for span in kept.spans() if attributes(span).get("db.statement") == "SELECT %s"]

        assert query.parent_span_id == asking.span_id
        assert {span.trace_id for span in kept.spans()} == {asking.trace_id}
        assert EMAIL not in kept.text()


@pytest.mark.parametrize("kind", ["hanging", "gone"])
def test_a_sentry_and_a_collector_that_hang_or_are_gone_slow_nobody(transactional_db: None, tmp_path: Path, kind: str):
    with mute_server() as port:
        where = port if kind == "hanging" else 9
        told = {
            "SENTRY_DSN": f"http://key@127.0.0.1:{where}/7", "SENTRY_TRACES_SAMPLE_RATE": "1",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{where}", **SOON, "OTEL_BSP_MAX_QUEUE_SIZE": "20",
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "20",
        }  # fmt: skip
        with serving(tmp_path, FAILING | told) as web, worker(tmp_path, **told) as work:
            took = []
            for _ in range(40):
                began = time.monotonic()
                assert asked(web.port, f"/tickets/{TICKET}/fail/?email={EMAIL}", headers())[0] == 500
                took.append(time.monotonic() - began)
            began = time.monotonic()
            app.send_task("tests.stack.failing.tasks.work", [EMAIL, str(tmp_path / "done")], queue="work")
            until((tmp_path / "done").exists, within=60)
            ended = {}
            for name, process in (("web", web.process), ("worker", work)):
                began = time.monotonic()
                process.send_signal(signal.SIGTERM)
                process.wait(60)
                ended[name] = time.monotonic() - began

    assert sorted(took)[len(took) // 2] < 0.5
    assert max(took) < 2 + BUSY_S
    assert ended["web"] < 10 + BUSY_S  # of a minute and more that their own ways out would take
    assert ended["worker"] < 15 + BUSY_S
    assert "Traceback" not in (tmp_path / "worker").read_text()


@pytest.mark.parametrize(
    ("text", "found"),
    [("# tiketi 20261126-abc\n# python 3.11\n", "20261126-abc"), ("nonsense", "unreleased"), (None, "unreleased")],
)
def test_the_release_is_as_its_manifest_says(tmp_path: Path, text: str | None, found: str):
    if text is not None:
        (tmp_path / "MANIFEST").write_text(text)

    assert telemetry.version(tmp_path) == found


@pytest.mark.parametrize(
    ("variables", "endpoint"),
    [
        ({}, ""),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, "http://collector:4318/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector/otlp/"}, "https://collector/otlp/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://collector/here"}, "https://collector/here"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://b/x"}, "http://b/x"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_SDK_DISABLED": "true"}, ""),
    ],
)
def test_traces_go_where_the_standards_variables_say(variables: dict[str, str], endpoint: str):
    env = Environment(variables)

    assert telemetry.traces(env, site="x", version="1").endpoint == endpoint
    assert env.faults == []


def test_a_batch_larger_than_its_queue_is_a_fault():
    env = Environment({"OTEL_BSP_MAX_QUEUE_SIZE": "10", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "11"})
    telemetry.traces(env, site="x", version="1")

    assert env.faults == ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE must be at most OTEL_BSP_MAX_QUEUE_SIZE, 10."]
    alone = Environment({"OTEL_BSP_MAX_QUEUE_SIZE": "100"})  # the SDK would take 512 at once
    telemetry.traces(alone, site="x", version="1")
    assert len(alone.faults) == 1
