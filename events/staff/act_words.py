"""What staff did, in the reader's language: logs and acts are written in English words that machines can count on."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.db import models
from django.utils.translation import gettext_lazy

from events.models import OrderState, PaymentState
from events.models.ticket import DoorAct
from waitingroom.values_shown import NOTHING, label_of, shown

ACTS = {
    "added": gettext_lazy("added"),
    "changed": gettext_lazy("changed"),
    "deleted": gettext_lazy("deleted"),
    "did": gettext_lazy("did"),
    "made": gettext_lazy("made"),
    "altered": gettext_lazy("altered"),
    "removed": gettext_lazy("removed"),
    "signed in": gettext_lazy("signed in"),
}
# What an order, a payment or a ticket came to is a state of theirs.
STATES: Mapping[str, tuple[Any, Mapping[str, Any]]] = {
    "order": (gettext_lazy("order"), dict(OrderState.choices)),
    "payment": (gettext_lazy("payment"), dict(PaymentState.choices)),
    "ticket": (gettext_lazy("ticket"), dict(DoorAct.choices)),
}
# How messages of the admin's log begin; then they say what it is about.
LOGGED = {
    "built": gettext_lazy("built, seats"),
    "called off": gettext_lazy("called off"),
    "cancelled unpaid": gettext_lazy("cancelled unpaid"),
    "confirm": gettext_lazy("refund confirmed"),
    "copied from": gettext_lazy("copied from"),
    "corrected": gettext_lazy("corrected"),
    "draw": gettext_lazy("draw"),
    "draw given up": gettext_lazy("draw given up"),
    "exported": gettext_lazy("exported"),
    "priced by section": gettext_lazy("priced by section"),
    "provider asked": gettext_lazy("provider asked"),
    "recovery period ended": gettext_lazy("recovery period ended"),
    "refund tried again": gettext_lazy("refund tried again"),
    "refunded": gettext_lazy("refunded"),
    "refuse": gettext_lazy("refund refused"),
    "second factors taken away by": gettext_lazy("second factors taken away by"),
    "state": gettext_lazy("state"),
}
# Why a history's row was written, beside what commands say.
REASONS = {
    "published": gettext_lazy("published"),
    "withdrawn": gettext_lazy("withdrawn"),
    "sale stopped": gettext_lazy("sale stopped"),
    "sale resumed": gettext_lazy("sale resumed"),
    "postponed": gettext_lazy("postponed"),
    "called off": gettext_lazy("called off"),
    "recovery period ended": gettext_lazy("recovery period ended"),
    "console: tuned": gettext_lazy("console: tuned"),
    "console: announced": gettext_lazy("console: announced"),
    "console: pause": gettext_lazy("console: pause"),
    "console: drain": gettext_lazy("console: drain"),
    "console: close": gettext_lazy("console: close"),
    "console: open": gettext_lazy("console: open"),
}


def act_told(act: str) -> str:
    """What was done."""
    if act in ACTS:
        return str(ACTS[act])
    about, _space, state = act.partition(" ")
    if about in STATES and state in STATES[about][1]:
        of_what, states = STATES[about]
        return f"{of_what}: {states[state]}"
    return act


def kind_told(kind: str) -> str:
    """What it was done to."""
    model = _model(kind)
    return str(model._meta.verbose_name) if model else kind


def reason_told(reason: str) -> str:
    """Why: the site's own words in the reader's language, staff's as they wrote them."""
    return str(REASONS.get(reason, reason))


def log_told(message: str) -> str:
    """A message of the admin's log: Django's own in the reader's language, the site's by how it begins."""
    if message.startswith("["):
        return LogEntry(change_message=message).get_change_message()
    word = max((one for one in LOGGED if message.startswith(one)), key=len, default="")
    return f"{LOGGED[word]}{message.removeprefix(word)}" if word else message


def values_told(kind: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(field, before, after) in words; of what no form has, as it was written."""
    model = _model(kind)
    fields = {one.attname: one for one in model._meta.concrete_fields} if model else {}
    fields |= {one.name: one for one in fields.values()}
    for name, value in values.items():
        before, after = value if isinstance(value, list) and len(value) == 2 else (None, value)
        if name == "said":
            continue
        field: models.Field[Any, Any] | None = fields.get(name)
        if field is None or isinstance(field, models.ForeignKey):
            yield name, str(before) if before is not None else NOTHING, str(after)
        else:
            yield label_of(field), shown(field, before, {}), shown(field, after, {})


def _model(kind: str) -> type[models.Model] | None:
    return next((one for one in apps.get_models() if one._meta.model_name == kind), None)


def said_of(values: Mapping[str, Any]) -> str:
    """What the admin's log said of the act, if it did."""
    said = values.get("said")
    if isinstance(said, list):
        return log_told(json.dumps(said, ensure_ascii=False))
    return log_told(str(said)) if said else ""
