"""A field's value as people read it: in the words of its form, never as the database has it."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

NOTHING = "—"
MAX_LETTERS = 200

# What rows of other models are called, by model and key.
Names = Mapping[tuple[type[models.Model], Any], str]


def shown(field: "models.Field[Any, Any]", value: Any, names: Names) -> str:
    """The value in words; of what is gone, its key. Times by the clock in force; of a long text its letters counted."""
    if value is None or value == "":
        return NOTHING
    if isinstance(field, models.ForeignKey):
        return names.get((field.related_model, value), _("removed (%(key)s)") % {"key": value})
    if field.flatchoices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        local = timezone.localtime(value)
        seconds = f" ({local:%H:%M:%S})" if local.second else ""
        return f"{date_format(local, 'DATETIME_FORMAT')}{seconds}"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    return text if len(text) <= MAX_LETTERS else f"{text[:MAX_LETTERS]}… ({len(text):,})"


def label_of(field: "models.Field[Any, Any]") -> str:
    """What forms call the field."""
    name = str(field.verbose_name)
    return name[:1].upper() + name[1:]
