"""A day and a time of day in one field with one name, as browsers and telephones let people pick them."""

from datetime import datetime
from typing import Any

from django import forms


class LocalMomentInput(forms.DateTimeInput):
    """`<input type="datetime-local">`: the seconds only where there are any."""

    input_type = "datetime-local"

    def format_value(self, value: Any) -> str | None:
        """As the browser wants it."""
        if isinstance(value, datetime):
            return f"{value:%Y-%m-%dT%H:%M:%S}" if value.second else f"{value:%Y-%m-%dT%H:%M}"
        return super().format_value(value)


class LocalMomentField(forms.DateTimeField):
    """Read and shown by the clock of the time zone in force."""

    widget = LocalMomentInput
