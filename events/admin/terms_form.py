"""Cancellation fees on an event's form: a line for each step, and the hours without a fee."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Event
from events.sale.terms import MAX_DAYS, MAX_FREE_HOURS, Terms, check_terms

TERMS_FIELDS = ("fee_steps", "free_hours", "free_until_days")
STEP = re.compile(r"\s*([0-9]{1,4})\s*[:,\s]\s*([0-9]{1,4})\s*%?\s*")


def terms_fields() -> dict[str, forms.Field]:
    """The fields, as the form names them."""
    return {
        "fee_steps": forms.CharField(
            label=gettext_lazy("cancellation fees"),
            required=False,
            strip=False,
            widget=forms.Textarea(attrs={"rows": 5, "cols": 24}),
            help_text=gettext_lazy(
                "A line for each step, days descending: whole days before the event, then percent of the price "
                "(10: 0). With fewer days than the last line says, buyers cannot cancel. Orders keep the fees that "
                "they were made with."
            ),
        ),
        "free_hours": forms.IntegerField(
            label=gettext_lazy("no fee within hours of ordering"),
            min_value=0,
            max_value=MAX_FREE_HOURS,
            required=False,
        ),
        "free_until_days": forms.IntegerField(
            label=gettext_lazy("but only until so many days before"), min_value=0, max_value=MAX_DAYS, required=False
        ),
    }


def terms_shown(event: Event) -> dict[str, Any]:
    """What the fields hold at first."""
    terms = event.terms
    steps = "\n".join(f"{days}: {percent}" for days, percent in terms.steps)
    return {"fee_steps": steps, "free_hours": terms.free_hours, "free_until_days": terms.free_until_days}


def terms_sent(cleaned: Mapping[str, Any]) -> dict[str, Any]:
    """The terms in the form's clean fields, as an event keeps them. Raises ValidationError."""
    steps = []
    for line in cleaned.get("fee_steps", "").splitlines():
        if not line.strip():
            continue
        if (found := STEP.fullmatch(line)) is None:
            raise ValidationError(_("“%(line)s”: days and percent, please, as in 7: 10.") % {"line": line[:40]})
        steps.append((int(found[1]), int(found[2])))
    terms = Terms(tuple(steps), cleaned.get("free_hours") or 0, cleaned.get("free_until_days") or 0).as_json()
    check_terms(terms)
    return terms
