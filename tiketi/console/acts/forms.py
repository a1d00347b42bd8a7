"""What staff fill in on the console: parts of the room's own form, and what else an act asks for."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django import forms
from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from scaling.models import FleetPin
from waitingroom.admin import WaitingRoomForm
from waitingroom.models import WaitingRoom
from waitingroom.rates import MAX_ADMITTED

PIN_MINUTES = ((30, _("half an hour")), (60, _("an hour")), (120, _("two hours")), (240, _("four hours")))
# The sliders' end, as a multiple of what is in force; the number beside takes any.
SLIDER_ENDS_AT = 3


class PartForm(forms.ModelForm[Any]):
    """Some fields of a model whose others are checked with them: what they contradict is told above the form."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Several stand on one page, and no id may stand there twice.
        super().__init__(*args, **{"auto_id": f"{type(self).__name__}_%s", **kwargs})

    def add_error(self, field: str | None, error: Any) -> None:
        """Django would stop at a field that is not on the form."""
        if isinstance(error, ValidationError) and hasattr(error, "error_dict"):
            sorted_: dict[str, list[ValidationError]] = {}
            for name, errors in error.error_dict.items():
                sorted_.setdefault(name if name in self.fields else NON_FIELD_ERRORS, []).extend(errors)
            error = ValidationError(sorted_)
        super().add_error(field, error)


class TriedForm(PartForm):
    """Threshold and rate to be tried, not saved; of the two thresholds the one that counts."""

    class Meta:
        model = WaitingRoom
        fields = ("threshold", "threshold_per_instance", "users_per_minute_per_instance")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        follows = bool(self.instance.threshold_per_instance)
        del self.fields["threshold" if follows else "threshold_per_instance"]
        for name in self.slid:
            field = self.fields[name]
            field.required = True  # empty would be another kind of threshold
            field.widget.attrs["data-slider-end"] = SLIDER_ENDS_AT * getattr(self.instance, name)

    @property
    def slid(self) -> list[str]:
        """The fields with a slider."""
        return [name for name in TriedForm.Meta.fields if name in self.fields]


class TuningForm(TriedForm, WaitingRoomForm):
    """The same to be saved: refused if somebody saved meanwhile."""

    class Meta(TriedForm.Meta):
        pass


class AnnounceForm(PartForm, WaitingRoomForm):
    """Staff's word to the line; empty takes it back."""

    class Meta:
        model = WaitingRoom
        fields = ("announcement_ko", "announcement_en")
        widgets = {name: forms.Textarea(attrs={"rows": 3}) for name in fields}


class StandForm(PartForm, WaitingRoomForm):
    """Another mode, which the address names."""

    class Meta:
        model = WaitingRoom
        fields: tuple[str, ...] = ("mode",)
        widgets = {"mode": forms.HiddenInput}


class CloseForm(StandForm):
    """The mode, and why."""

    class Meta(StandForm.Meta):
        fields = ("mode", "closed_reason_ko", "closed_reason_en")

    def ask(self) -> None:
        """Show the box that agrees to it, before it is missed."""
        self.fields["close_agreed"].widget = forms.CheckboxInput()


def new_request() -> str:
    """A name for one act, so that a form sent twice does it once."""
    return uuid4().hex


class AdmitForm(forms.Form):
    """How many from the head of the line, and why."""

    field_order = ("count", "reason", "request")
    reason = forms.CharField(label=pgettext_lazy("console", "reason"), max_length=300)
    request = forms.RegexField("^[0-9a-f]{32}$", widget=forms.HiddenInput, initial=new_request)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["count"] = forms.IntegerField(
            label=_("people from the head of the line"),
            min_value=1,
            max_value=min(settings.MAX_ADMITTED_BY_HAND, MAX_ADMITTED),
            initial=1,
        )
        self.order_fields(self.field_order)


class LiftForm(forms.Form):
    """The pin that was shown."""

    pin = forms.ModelChoiceField(FleetPin.objects.all(), widget=forms.HiddenInput)


class PinForm(PartForm):
    """How many servers there are to be at least, or at most, and for how long."""

    minutes = forms.TypedChoiceField(label=pgettext_lazy("console", "for"), choices=PIN_MINUTES, coerce=int, initial=60)

    class Meta:
        model = FleetPin
        fields = ("floor", "ceiling", "why")

    def clean(self) -> dict[str, Any]:
        """From minutes to an instant, which the pin itself checks."""
        cleaned = super().clean() or {}
        self.instance.until = timezone.now() + timedelta(minutes=cleaned.get("minutes") or 60)
        return cleaned
