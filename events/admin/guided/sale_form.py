"""The fourth step's form: when it sells, to how many at once, and what cancelling costs."""

from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.admin.event_form import EventForm
from events.admin.guided.fields import LocalMomentField
from events.models import Event
from events.sale.level_prices import stake_of
from events.sale.proposals import hours_before, inside_at_once
from waitingroom.models import WaitingRoom

HOURS = ("opens_at", "closes_at", "cancel_until")
INSIDE = ("threshold", "threshold_per_instance")


class InsideForm(forms.ModelForm[WaitingRoom]):
    """How many may be inside at once."""

    class Meta:
        model = WaitingRoom
        fields = INSIDE


class SaleForm(EventForm):
    """The sale's hours, its opening, its limits and its terms; until they are decided it shows what is proposed."""

    room_form_class = InsideForm
    opens_at = LocalMomentField(label=gettext_lazy("sale opens"))
    closes_at = LocalMomentField(label=gettext_lazy("sale closes"))
    cancel_until = LocalMomentField(
        label=gettext_lazy("cancellation until"),
        required=False,
        help_text=gettext_lazy("Until then buyers may cancel and get their money back; empty: never."),
    )

    class Meta(EventForm.Meta):
        fields = ("opens_at", "closes_at", "opening_order", "gathering_minutes", "seats_per_account", "cancel_until")
        widgets: ClassVar = {"opening_order": forms.RadioSelect}

    def __init__(self, data: Any = None, *, instance: Event, may_tune: bool) -> None:
        self.may_tune = may_tune
        super().__init__(data, instance=instance)
        self.inside = inside_at_once(stake_of(instance)[0], instance.seats_per_account)
        if not instance.sale_decided:
            hours = hours_before(instance.starts_at, timezone.now(), instance.zone)
            self.initial.update({name: getattr(hours, name) for name in HOURS})
            if self.may_tune:
                self.initial.update({name: getattr(self.inside, name) for name in INSIDE})

    def clean(self) -> dict[str, Any]:
        """A sale that is over before it begins is none."""
        cleaned = super().clean()
        closes_at = cleaned.get("closes_at")
        if closes_at is not None and closes_at <= timezone.now():
            self.add_error("closes_at", _("The sale would be over already."))
        return cleaned

    def keep(self) -> Event:
        """Save room and event, decided."""
        self.save_room()
        event = self.instance
        event.sale_decided = True
        event.save()
        return event
