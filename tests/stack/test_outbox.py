"""Mail: written in the request, sent by a worker, at least once, whatever the mail server does."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.mail import EmailMultiAlternatives, send_mail
from django.db import connection, transaction
from django.utils import timezone

from tests.patience import until
from tests.silence import mute_server
from tests.site import ROOT
from tests.smtp import MailServer, mail_server
from tiketi import loopback, outbox, tasks
from tiketi.models import OutboxMail

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _as_deployed(settings: Any) -> None:
    settings.EMAIL_BACKEND = "tiketi.outbox.Outbox"
    settings.OUTBOX_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_TIMEOUT = "127.0.0.1", 15
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with mail_server() as server:
        settings.EMAIL_PORT = server.port
        yield server


def write(*names: str) -> None:
    for name in names:
        send_mail("표가 왔습니다", f"남모를 링크 for {name}", "TIKETI <tickets@example.com>", [f"{name}@example.com"])


def due_again() -> None:
    OutboxMail.objects.filter(sent_at=None).update(due_at=timezone.now() - timedelta(minutes=1))


def taken(server: MailServer) -> list[str]:
    return [recipient for recipients, _ in server.taken for recipient in recipients]


def test_a_mail_is_sent_once_as_it_was_written_and_its_text_is_gone(server: MailServer):
    message = EmailMultiAlternatives("제목", "본문", "TIKETI <t@example.com>", ["a@example.com"], bcc=["b@example.com"])
    message.attach_alternative("<p>본문</p>", "text/html")
    message.attach("표.txt", "좌석")
    message.send()
    assert not server.taken

    assert outbox.send_due() == 1
    assert outbox.send_due() == 0

    ((recipients, got),) = server.taken
    assert recipients == ["a@example.com", "b@example.com"]
    assert "b@example.com" not in str(got["To"]) + str(got["Bcc"] or "")
    parts = {part.get_content_type(): part.get_payload(decode=True) for part in got.walk() if not part.is_multipart()}
    assert parts["text/html"] == "<p>본문</p>".encode()
    row = OutboxMail.objects.get()
    assert (row.sent_at is not None, bytes(row.whole)) == (True, b"")


@pytest.mark.parametrize("path", ["/accounts/signup/", "/accounts/password/reset/"])
@pytest.mark.parametrize("how", ["hangs", "refuses"])
def test_nobody_waits_for_the_mail_server(client: Any, settings: Any, path: str, how: str):
    with mute_server() as port:
        settings.EMAIL_PORT = port if how == "hangs" else loopback.free_port()
        who = uuid.uuid4().hex  # nobody who had a mail of this kind a minute ago
        email = f"{who}@example.com"
        if "reset" in path:
            User.objects.create_user(who, email, "winter-song-42")
        began = time.monotonic()
        answer = client.post(path, {"email": email, "password1": "autumn-leaf-77"})
        took = time.monotonic() - began

        assert (answer.status_code, took < settings.EMAIL_TIMEOUT) == (302, True)
        assert User.objects.filter(email=email).exists()
        assert OutboxMail.objects.get().recipients == [email]
        settings.EMAIL_TIMEOUT = 1
        assert tasks.send_mail() is False  # for `/readyz`
        assert OutboxMail.objects.get().tries == 0  # a server that is away is no fault of the mail's


def test_a_request_that_fails_sends_nothing():
    @transaction.atomic
    def fail() -> None:
        write("a")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert not OutboxMail.objects.exists()


def test_one_bad_mail_holds_up_no_other(server: MailServer, settings: Any):
    write("first", "refused", "last")
    OutboxMail.objects.filter(recipients=["first@example.com"]).update(sender="no\r\naddress at all")
    until(lambda: outbox.send_due() or len(server.taken) == 1)

    assert taken(server) == ["last@example.com"]
    waiting = {mail.recipients[0]: mail for mail in outbox.waiting()}
    assert set(waiting) == {"first@example.com", "refused@example.com"}
    assert "550" in waiting["refused@example.com"].trouble
    assert all(mail.trouble and mail.tries == 1 and mail.due_at > timezone.now() for mail in waiting.values())


def test_every_try_waits_longer_until_staff_hear_of_it(server: MailServer):
    write("refused")
    waits = []
    for _ in range(12):
        due_again()
        outbox.send_due()
        waits.append(round((OutboxMail.objects.get().due_at - timezone.now()).total_seconds(), -1))
    assert waits == [10, 20, 40, 80, 160, 320, *[600] * 6]

    OutboxMail.objects.update(made_at=timezone.now() - timedelta(hours=25))
    due_again()
    outbox.send_due()
    mail = OutboxMail.objects.get()
    assert (mail.given_up_at is not None, mail.tries) == (True, 12)

    assert outbox.try_again(OutboxMail.objects.all()) == 1
    OutboxMail.objects.update(recipients=["found@example.com"])
    assert outbox.send_due() == 1
    assert outbox.try_again(OutboxMail.objects.all()) == 0


def test_a_worker_killed_while_sending_loses_no_mail(server: MailServer):
    write("buyer")
    server.answers.clear()
    code = "import django; django.setup(); from tiketi import outbox; outbox.send_due()"
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tiketi.settings",
        "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
        "EMAIL_URL": f"smtp://127.0.0.1:{server.port}",
    }
    worker = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=env)
    assert server.reading.wait(20)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    server.answers.set()
    until(lambda: len(server.taken) == 1)  # it had heard all of it, and nobody knows

    assert outbox.send_due() == 0  # for a while the mail is still the dead worker's
    due_again()
    assert outbox.send_due() == 1
    (_, first), (_, second) = server.taken
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.parametrize("hours", [-1, 0, 1])
def test_two_workers_send_nothing_twice_whatever_their_clocks_say(server: MailServer, monkeypatch: Any, hours: int):
    write(*(f"buyer-{i}" for i in range(30)))
    monkeypatch.setattr(timezone, "now", lambda now=timezone.now: now() + timedelta(hours=hours))

    def work(_: int) -> int:
        try:
            return outbox.send_due()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as workers:
        assert sum(workers.map(work, range(4))) == 30

    assert sorted(taken(server)) == sorted(f"buyer-{i}@example.com" for i in range(30))


def test_staff_see_what_was_given_up_and_have_it_tried_again_but_not_what_is_written(admin_client: Any):
    write("buyer")
    OutboxMail.objects.update(given_up_at=timezone.now(), trouble="550 nobody")
    pages = [admin_client.get("/admin/tiketi/outboxmail/").content.decode()]
    mail = OutboxMail.objects.get()
    pages.append(admin_client.get(f"/admin/tiketi/outboxmail/{mail.pk}/change/").content.decode())
    assert all("buyer@example.com" in page and "550 nobody" in page for page in pages)
    assert not any("남모를" in page for page in pages)

    answer = admin_client.post("/admin/tiketi/outboxmail/", {"action": "try_again", "_selected_action": [mail.pk]})

    assert answer.status_code == 302
    assert outbox.waiting().count() == 1


def test_what_is_old_goes():
    write("old", "given-up", "new")
    long_ago = timezone.now() - timedelta(days=31)
    OutboxMail.objects.filter(recipients=["old@example.com"]).update(sent_at=long_ago)
    OutboxMail.objects.filter(recipients=["given-up@example.com"]).update(given_up_at=long_ago)

    outbox.tidy()

    assert OutboxMail.objects.get().recipients == ["new@example.com"]
