"""Closing a room by a form: agreed to with the number of people it sends away."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from waitingroom import admission
from waitingroom.errors import LineUnavailable
from waitingroom.models import Mode, WaitingRoom

if TYPE_CHECKING:  # Django's own takes no type, unless a project has it patched
    RoomModelForm = forms.ModelForm[WaitingRoom]
else:
    RoomModelForm = forms.ModelForm


class ClosingForm(RoomModelForm):
    """A room's form that, closing a line with people in it, asks first: by a box that appears with their number."""

    close_agreed = forms.BooleanField(
        required=False, widget=forms.HiddenInput, label=gettext_lazy("Yes, close the line to all of them")
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a closing that nobody agreed to."""
        cleaned = super().clean() or {}
        closes = cleaned.get("mode") == Mode.CLOSED and "mode" in self.changed_data and self.instance.pk
        if closes and not cleaned.get("close_agreed") and (sends_away := self._warning()):
            self.fields["close_agreed"].widget = forms.CheckboxInput()
            self.add_error("close_agreed", sends_away)
        return cleaned

    def _warning(self) -> str:
        """How many a closing sends away, in a sentence; nothing if nobody waits."""
        try:
            status = admission.status([self.instance.slug])[0]
        except LineUnavailable:
            return _("How many wait is unknown: Redis does not answer. Agree to close the line all the same.")
        if not status.waiting:
            return ""
        return ngettext(
            "%(waiting)d person waits in this line (%(present)d here now), and reads that nobody comes in. "
            "Agree to close it; the number is kept.",
            "%(waiting)d people wait in this line (%(present)d here now), and read that nobody comes in. "
            "Agree to close it; their numbers are kept.",
            status.waiting,
        ) % {"waiting": status.waiting, "present": status.present}
