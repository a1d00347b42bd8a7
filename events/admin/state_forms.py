"""What staff fill in when they publish, stop or postpone an event."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime
from django.utils.translation import gettext_lazy

from events.models import Event
from events.moments import check_years
from events.sale.event_states import check_new_date


class PublishForm(forms.Form):
    """When the public may see it."""

    at = forms.SplitDateTimeField(
        label=gettext_lazy("from"),
        required=False,
        widget=AdminSplitDateTime,
        help_text=gettext_lazy("Empty: at once."),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a year that nobody means."""
        cleaned = super().clean() or {}
        check_years({"at": cleaned.get("at")})
        return cleaned


class StopForm(forms.Form):
    """What those who wait read."""

    why_ko = forms.CharField(label=gettext_lazy("why (Korean)"), max_length=200, required=False)
    why_en = forms.CharField(label=gettext_lazy("why (English)"), max_length=200, required=False)


class PostponeForm(StopForm):
    """The new date, and until when who cannot come gets everything back."""

    starts_at = forms.SplitDateTimeField(label=gettext_lazy("new start"), widget=AdminSplitDateTime)
    closes_at = forms.SplitDateTimeField(
        label=gettext_lazy("sale closes"),
        required=False,
        widget=AdminSplitDateTime,
        help_text=gettext_lazy("Empty: as before."),
    )
    refund_until = forms.SplitDateTimeField(
        label=gettext_lazy("refund without a fee, until"),
        required=False,
        widget=AdminSplitDateTime,
        help_text=gettext_lazy("Empty: nobody gets more back than before."),
    )
    confirmed = forms.BooleanField(label=gettext_lazy("Yes, everybody who bought is to be told."))
    field_order = ("starts_at", "closes_at", "refund_until", "why_ko", "why_en", "confirmed")

    def __init__(self, event: Event, data: Any = None) -> None:
        super().__init__(data)
        self.event = event

    def clean(self) -> dict[str, Any]:
        """Refuse a date that is none."""
        cleaned = super().clean() or {}
        starts_at: datetime | None = cleaned.get("starts_at")
        if starts_at is not None and not self.errors:
            check_new_date(self.event, starts_at, cleaned.get("closes_at"), cleaned.get("refund_until"))
        return cleaned
