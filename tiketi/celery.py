"""The Celery application: the clock's tick, and slower work."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tiketi.settings")

app = Celery("tiketi")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Given here: `on_after_configure` is missed when the configuration was read earlier.
app.conf.beat_schedule = {
    # A tick that waited longer than its period is worth nothing: the next one does its work.
    "tick": {"task": "waitingroom.tasks.tick", "schedule": 1.0, "options": {"expires": 1.0}},
    "turn": {"task": "scaling.tasks.turn", "schedule": 10.0, "options": {"expires": 10.0}},
    "schedule": {"task": "scaling.tasks.schedule", "schedule": 300.0, "options": {"expires": 300.0}},
    "follow": {"task": "scaling.tasks.follow", "schedule": 1.0, "options": {"expires": 1.0}},
    "expire-holds": {"task": "events.tasks.expire_holds", "schedule": 5.0, "options": {"expires": 5.0}},
    "settle": {"task": "events.tasks.settle", "schedule": 5.0, "options": {"expires": 5.0}},
    "follow-sales": {"task": "events.tasks.follow_sales", "schedule": 5.0, "options": {"expires": 5.0}},
    "mail": {"task": "events.tasks.send_mail", "schedule": 5.0, "options": {"expires": 5.0}},
}
