"""The log: a JSON object a line from every process, with the request it is about, and nobody's data."""

import json
import logging
import os
import re
import secrets
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from events.models import Order
from events.tasks import send_mail
from tests.events.conftest import around, buyer, event, make_buyer, make_event, seats_of, tonight  # noqa: F401 (fixtures)
from tests.patience import until
from tests.site import FOREIGN, ROOT
from tests.stack.test_alive import asked
from tests.stack.test_environment import REAL
from tests.waitingroom.web import serving
from tiketi import log_lines, loopback
from tiketi.log_privacy import hashed, scrubbed
from tiketi.processes import read_procfile

EMAIL, PASSWORD, ADDRESS = "minji.kim@example.com", "winter-song-42", "8.8.4.4"
DEPLOYED = "Host: tickets.example.com\r\nX-Forwarded-Proto: https\r\n"


@pytest.fixture
def written() -> Iterator[StringIO]:
    """What machines would read of everything that is said, however quietly."""
    out = StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(log_lines.formatter("json"))
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield out
    root.setLevel(level)
    root.removeHandler(handler)


def lines(out: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.django_db(transaction=True)
def test_a_purchase_leaves_nobodys_data_in_any_line(written: StringIO, tonight: Any, settings: Any):  # noqa: F811 (pytest's fixture)
    """Signing up, losing a password, the line, seats, an order, mails, refusals, a forged callback, a mistake."""
    settings.EMAIL_BACKEND = "tiketi.outbox.Outbox"
    settings.OUTBOX_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    browser = Client(REMOTE_ADDR=ADDRESS, raise_request_exception=False)
    slug = tonight.slug
    browser.post(
        "/accounts/signup/", {"email": EMAIL, "password1": PASSWORD, "terms": "on", "privacy": "on", "age": "on"}
    )
    if not User.objects.filter(email=EMAIL).exists():
        User.objects.create_user("minji", EMAIL, PASSWORD)
    browser.post("/accounts/login/", {"login": EMAIL, "password": "wrong-" + PASSWORD})
    browser.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD})
    browser.force_login(User.objects.get(email=EMAIL))
    browser.post("/accounts/password/reset/", {"email": EMAIL})
    program = {"accept": "application/json"}
    assert browser.get(f"/api/events/{slug}/").json()["status"] == "active"
    assert browser.post(f"/events/{slug}/hold/", {"seat": seats_of(tonight)[:2]}, headers=program).status_code == 201
    assert browser.post(f"/events/{slug}/hold/", {"seat": "none"}, headers=program).status_code == 400
    begun = browser.post(f"/events/{slug}/checkout/", headers=program).json()
    browser.post(begun["pay"], {"outcome": "succeed"}, headers=program)
    order = Order.objects.get()
    assert order.state == "paid"
    browser.get(f"/orders/{order.number}/")
    send_mail()
    browser.get(f"/nothing/{EMAIL}/?email={EMAIL}")
    browser.get("/accounts/password/reset/key/3-abcdefgh/extra/")
    browser.post("/payments/sandbox/callback/", b"{}", content_type="application/json")
    browser.post(f"/orders/{order.number}/cancel/", headers=program)
    try:
        raise ValueError(
            f"Key (email)=({EMAIL}) of {ADDRESS} is there; cookie sessionid={browser.cookies['sessionid'].value}"
        )
    except ValueError:
        logging.getLogger("events").exception("%s failed for %s", "it", EMAIL)

    text, told = written.getvalue(), lines(written)
    assert len(told) > 5
    secrets_of_hers = {"email": EMAIL, "name": "minji", "password": PASSWORD, "address": ADDRESS, "link": "3-abcdefgh"}
    secrets_of_hers |= {
        f"cookie {name}": morsel.value for name, morsel in browser.cookies.items() if len(morsel.value) > 8
    }
    account = User.objects.get(email=EMAIL)
    secrets_of_hers["visitor"] = f"account-{account.pk}"
    assert [name for name, value in secrets_of_hers.items() if value in text] == []
    about = [line for line in told if line.get("room") == slug]
    assert about
    assert {line["visitor"] for line in about if "visitor" in line} == {hashed(f"account-{account.pk}")}
    mistake = told[-1]
    assert mistake["exception"].startswith("Traceback")
    assert "[email]" in mistake["exception"]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("from 1.1.1.1, 10.0.0.7 and 127.0.0.1", "from [address], 10.0.0.7 and 127.0.0.1"),
        ("from 2606:4700:4700::1111 or fd00::7 at 18:22:10", "from [address] or fd00::7 at 18:22:10"),
        ("2606:4700:4700::1111: refused, ::1: not", "[address] refused, ::1: not"),
        ("email=minji%40example.com&x=1", "email=[email]&x=1"),
        ("GET /list/?q=word&code=s3cr3t HTTP/1.1", "GET /list/?[query] HTTP/1.1"),
        ("GET /callback/?state&code=s3cr3t HTTP/1.1", "GET /callback/?[query] HTTP/1.1"),
        ("GET /callback/?~a+b=s3cr3t HTTP/1.1", "GET /callback/?[query] HTTP/1.1"),
        ("is it so? a=b", "is it so? a=b"),
        ("version 1.2.3.4.5 and 999.1.1.1", "version 1.2.3.4.5 and 999.1.1.1"),
        ("to a.b+c@mail.example.co.kr.", "to [email]."),
        ("/accounts/confirm-email/MQ:abc/ failed", "/accounts/confirm-email/[secret]/ failed"),
        ("Not Found: /tickets/abcdef/codes/", "Not Found: /tickets/[secret]/codes/"),
        ("visitor=x.y; slip-gala=a; csrftoken=z", "visitor=[cookie]; slip-gala=[cookie]; csrftoken=[cookie]"),
        ("__Host-known=a.b:c; messages=d", "__Host-known=[cookie]; messages=[cookie]"),
        ("payment 3 of order 7: received", "payment 3 of order 7: received"),
    ],
)  # fmt: skip
def test_what_looks_like_somebodys_is_a_word(said: str, kept: str):
    assert scrubbed(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        "/" + ":" * 65_536 + "g",
        "a@" * 32_768,
        "slip-" * 13_000 + "=",
        "%40" * 20_000,
        "1." * 32_768,
        "?a" * 32_768,
        "?" * 65_536,
    ],
)
def test_nobody_stops_a_process_by_what_it_writes_down(said: str):
    began = time.process_time()
    scrubbed(said)
    assert time.process_time() - began < 2  # it was forty seconds


def test_a_visitor_is_the_same_in_every_process_and_nobodys_without_the_key(settings: Any):
    first = hashed("account-7")

    assert first == hashed("account-7") != hashed("account-8")
    settings.SECRET_KEY = secrets.token_urlsafe(50)
    assert hashed("account-7") != first


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("proxies", "sent", "kept"),
    [
        (["127.0.0.1"], "0123456789abcdef", True),
        ([], "0123456789abcdef", False),
        (["127.0.0.1"], "a@example.com", False),
        (["127.0.0.1"], "x" * 65, False),
        (["127.0.0.1"], "", False),
    ],
)
def test_a_request_is_named_by_a_trusted_proxy_or_by_the_site(
    client: Client, settings: Any, written: StringIO, proxies: list[str], sent: str, kept: bool
):
    settings.WAITINGROOM_TRUSTED_PROXIES = proxies

    named = client.get("/nowhere/", headers={"x-request-id": sent})["X-Request-ID"]

    assert (named == sent) is kept
    assert [line["request_id"] for line in lines(written) if line["event"].startswith("Not Found")] == [named]
    assert client.get("/nowhere/")["X-Request-ID"] != named


def test_people_read_lines(capsys: pytest.CaptureFixture[str]):
    record = logging.LogRecord("events", logging.WARNING, __file__, 1, "hello %s", ("you",), None)
    record.room = "gala"

    said = log_lines.formatter("lines").format(record)

    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+0900 WARNING events  hello you  \[room=gala]", said)


def test_a_deployed_web_process_writes_json_and_nothing_else(transactional_db: None, tmp_path: Path):
    with serving(tmp_path, REAL) as web:
        assert asked(web.port, "/nothing-here/", DEPLOYED)[0] == 404
        assert asked(web.port, "/", "Host: evil.example\r\n")[0] == 400
    text = (tmp_path / "output").read_text()
    assert [line for line in text.splitlines() if line[:1] != "{"] == []
    told = [json.loads(line) for line in text.splitlines()]

    assert any(line["event"] == "Not Found: /nothing-here/" and line["request_id"] for line in told)
    assert all({"timestamp", "level", "logger"} <= line.keys() for line in told)


def test_an_access_log_where_somebody_wants_one_names_nobody_either(transactional_db: None, tmp_path: Path):
    """The Procfile has none: it would be a line for each of ten thousand polls a second."""
    with serving(tmp_path, REAL, options="--access-log --log-level info") as web:
        assert asked(web.port, f"/tickets/S3R1AL/?email={EMAIL}&code=s3cr3t", DEPLOYED)[0] in (302, 404)
        assert asked(web.port, f"/from-{ADDRESS}-/{EMAIL}/", DEPLOYED)[0] == 404
    text = (tmp_path / "output").read_text()

    assert text.count('"logger": "uvicorn.access"') == 2
    assert [word for word in (EMAIL, "S3R1AL", "s3cr3t", ADDRESS) if word in text] == []


@pytest.mark.parametrize("name", ["worker", "clock", "beat"])
def test_workers_and_beat_write_as_web_does(tmp_path: Path, name: str):
    """They say what there is to say: that no Redis answers."""
    command = read_procfile(ROOT / "Procfile")[name]
    env = {key: value for key, value in os.environ.items() if key not in FOREIGN}
    env |= REAL | {
        "TIKETI_LOCAL_DIR": str(tmp_path),
        "REDIS_URL": f"redis://127.0.0.1:{loopback.free_port()}/0",
        "PYTHONWARNINGS": "ignore",  # Celery's reproach to who runs tests as root
    }
    with (tmp_path / "output").open("wb") as out:
        process = subprocess.Popen(
            ["sh", "-c", f"exec {shlex.quote(sys.executable)} -m {command}"],
            cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        until(lambda: (tmp_path / "output").read_text().count("\n") >= 1 or process.poll() is not None, within=60)
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
    for line in (tmp_path / "output").read_text().splitlines():
        assert {"timestamp", "level", "logger", "event"} <= json.loads(line).keys()


LOAD = """
import logging, uvicorn
def run(server, **_):
    server.config.load()
    print("somewhere" if logging.getLogger("uvicorn.access").hasHandlers() else "nowhere")
uvicorn.Server.run = run
uvicorn.main()
"""


def test_a_web_process_as_it_is_run_has_nowhere_to_tell_of_every_request():
    """Else uvicorn tells, and the gate answers nobody without a task: a poll then costs twice as much."""
    _, _, arguments = read_procfile(ROOT / "Procfile")["web"].partition("uvicorn ")
    loaded = subprocess.run(
        ["sh", "-c", f'exec {shlex.quote(sys.executable)} -c "$LOAD" {arguments}'],
        env={key: value for key, value in os.environ.items() if key not in FOREIGN} | REAL | {"LOAD": LOAD},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert loaded.stdout.split() == ["nowhere"], loaded.stderr
