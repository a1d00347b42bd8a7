"""What happens by itself: who does it, within which limits, and that nothing starves anything else."""

import re

import pytest
from django.conf import settings

from tests.site import ROOT
from tiketi import settings as site
from tiketi.celery import app
from waitingroom.tasks import push

# Hosts' clocks may be so far apart (F21).
SKEW_S = 300
SCHEDULE = {entry["task"]: entry for entry in app.conf.beat_schedule.values()}


def queue_of(task: str) -> str:
    """The queue that the task is rung on."""
    return str(app.amqp.router.route({}, task)["queue"].name)


@pytest.mark.parametrize("task", SCHEDULE)
def test_every_task_has_a_worker(task: str):
    lines = (ROOT / "Procfile").read_text().splitlines()
    readers = [line for line in lines if re.search(rf" -Q {queue_of(task)} ", line)]

    assert len(readers) == 1


def test_what_may_wait_for_somebody_else_waits_in_a_queue_of_its_own():
    slow = {
        "events.tasks.expire_holds",  # the database alone
        "events.tasks.settle",  # a bank
        "tiketi.tasks.send_mail",  # a mail server
        "scaling.tasks.turn",  # AWS
        "waitingroom.tasks.tick",  # Redis alone
        "waitingroom.tasks.push",  # browsers' push services
        "waitingroom.tasks.draw",  # an instant, to which it sleeps
    }
    assert len({queue_of(task) for task in slow}) == len(slow)


@pytest.mark.parametrize("task", SCHEDULE)
def test_f21_no_host_whose_clock_is_minutes_ahead_drops_what_is_rung(task: str):
    assert SCHEDULE[task]["options"]["expires"] >= 2 * SKEW_S


def test_every_task_ends():
    assert 0 < app.conf.task_soft_time_limit < app.conf.task_time_limit <= 60
    assert 0 < push.soft_time_limit < push.time_limit <= 30


def test_mail_is_written_in_requests_and_sent_with_patience():
    assert site.EMAIL_BACKEND == "tiketi.outbox.Outbox"
    assert site.OUTBOX_BACKEND.startswith("django.core.mail.backends.")
    assert 0 < settings.EMAIL_TIMEOUT <= 10
