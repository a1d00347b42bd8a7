"""The Celery application: what happens by itself, how often, and that it is noted when it did."""

import os
from logging.config import dictConfig
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging, task_success

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tiketi.settings")

# The settings must be named before these are read.
from django.conf import settings

from tiketi import heartbeats

app = Celery("tiketi")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Beat writes the instant of expiry by its host's clock, the worker compares with its own: a short life would have a
# worker a second ahead drop everything. All of this may run late, twice, or many times at once, at the price of a look;
# so a task only expires in order that a queue nobody reads stays bounded.
STALE_S = 600.0
# Given here: `on_after_configure` is missed when the configuration was read earlier.
app.conf.beat_schedule = {
    name: {"task": task, "schedule": when, "options": {"expires": STALE_S}}
    for name, task, when in (  # seconds, or the hour
        ("tick", "waitingroom.tasks.tick", 1.0),
        ("draw", "waitingroom.tasks.draw", 1.0),
        ("push", "waitingroom.tasks.push", 1.0),
        ("record", "waitingroom.tasks.record", 30.0),
        ("turn", "scaling.tasks.turn", 10.0),
        ("schedule", "scaling.tasks.schedule", 300.0),
        ("compare", "scaling.tasks.compare", 60.0),
        ("follow", "scaling.tasks.follow", 1.0),
        ("expire-holds", "events.tasks.expire_holds", 5.0),
        ("settle", "events.tasks.settle", 5.0),
        ("ask-providers", "events.tasks.ask_providers", 5.0),
        ("take-up-payments", "events.tasks.take_up_payments", crontab(hour="4", minute="30")),
        ("follow-sales", "events.tasks.follow_sales", 5.0),
        ("wind-up", "events.tasks.wind_up", 5.0),
        ("confirm", "events.tasks.send_mail", 5.0),
        ("mail", "tiketi.tasks.send_mail", 5.0),
        ("tidy-outbox", "tiketi.tasks.tidy_outbox", 3600.0),
    )
}


@setup_logging.connect  # type: ignore[untyped-decorator]  # celery has no types
def write_as_the_site_does(**_: object) -> None:
    """Workers and beat write their log as web does; Celery leaves logging alone where somebody listens here."""
    dictConfig(settings.LOGGING)


@task_success.connect  # type: ignore[untyped-decorator]  # celery has no types
def note(sender: Any, result: object, **_: object) -> None:
    """What was done is no longer late; a task that returns False says that it did nothing."""
    if result is not False:
        heartbeats.note(sender.name)
