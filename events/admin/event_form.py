"""One form for an event with its waiting room, that overwrites nobody else's change."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.admin.terms_form import TERMS_FIELDS, terms_fields, terms_sent, terms_shown
from events.models import Event
from events.room.rule import OUTLASTED
from waitingroom.closing import ClosingForm
from waitingroom.models import THRESHOLD_PER_INSTANCE, WaitingRoom
from waitingroom.versions import last_saved

EVENT_FIELDS = (
    "kind",
    "title_ko",
    "title_en",
    "performers_ko",
    "performers_en",
    "series",
    "venue",
    "starts_at",
    "running_minutes",
    "minimum_age",
    "description_ko",
    "description_en",
    "motif",
    "hue",
    "opens_at",
    "closes_at",
    "gathering_minutes",
    "opening_order",
    "cancel_until",
    "plan",
    "seats_per_account",
    "hold_minutes",
    "hold_pause_minutes",
)
LINE_FIELDS = (
    "mode",
    "closed_reason_ko",
    "closed_reason_en",
    "announcement_ko",
    "announcement_en",
    "threshold",
    "threshold_per_instance",
    "users_per_minute_per_instance",
    "fleet_weight",
    "fleet_floor",
    "account_required",
    "work_tries",
    "fail_open",
    "presence_seconds",
    "grace_seconds",
    "claim_seconds",
    "idle_seconds",
    "longest_stay_seconds",
    "recovery_seconds",
)


class RoomForm(ClosingForm):
    """The waiting room's part, checked by the room's own rules."""

    class Meta:
        model = WaitingRoom
        fields = ("slug", *LINE_FIELDS)


class EventForm(forms.ModelForm[Event]):
    """The event's fields and its room's, refused together if either is wrong or somebody saved meanwhile."""

    may_tune = True  # the admin says whether this member of staff may touch the waiting room
    room_form_class: type[forms.ModelForm[WaitingRoom]] = RoomForm
    room_form: forms.ModelForm[WaitingRoom]
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Event
        fields: tuple[str, ...] = EVENT_FIELDS

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        new = WaitingRoom(threshold_per_instance=THRESHOLD_PER_INSTANCE)
        room = self.instance.room if self.instance.pk else new
        self.room_form = self.room_form_class(data, instance=room)
        if self.instance.pk:
            # Another name would be another line: those who wait would be lost.
            self.room_form.fields.pop("slug", None)
            for field in self.room_form.fields.values():
                field.disabled = not self.may_tune
        self.fields |= self.room_form.fields | terms_fields()
        by_clock = _("By the clock of %(zone)s.") % {"zone": self.instance.venue.time_zone} if self.instance.pk else ""
        for name in ("starts_at", "opens_at", "closes_at", "cancel_until"):
            if name in self.fields:
                said = (self.fields[name].help_text, by_clock or _("By the clock of the venue."))
                self.fields[name].help_text = " ".join(filter(None, map(str, said)))
        shown = {**self.room_form.initial, **terms_shown(self.instance), "seen": version_of(self.instance)}
        self.initial = {**self.initial, **shown}

    def add_error(self, field: str | None, error: Any) -> None:
        """What is wrong with a field that this form does not have is said above it."""
        if isinstance(error, ValidationError) and hasattr(error, "error_dict"):
            for name, errors in error.error_dict.items():
                super().add_error(name if name in self.fields else None, ValidationError(errors))
        else:
            super().add_error(field if field in self.fields else None, error)

    def clean(self) -> dict[str, Any]:
        """Take over the room's errors, and refuse if event or room were saved since this form was shown."""
        cleaned = super().clean() or {}
        # Both as they are to be: the room's rule and the event's compare them.
        self.instance.hold_minutes = cleaned.get("hold_minutes", self.instance.hold_minutes)
        self.instance.opens_at = cleaned.get("opens_at", self.instance.opens_at)
        self.room_form.instance.opens_at = self.instance.opens_at
        for field, errors in self.room_form.errors.items():
            if field not in self.errors and not self.room_form.has_error(field, OUTLASTED):
                self.add_error(None if field == "__all__" else field, errors)
        if TERMS_FIELDS[0] in self.data and not self.errors.keys() & set(TERMS_FIELDS):
            try:
                self.instance.cancellation_terms = terms_sent(cleaned)
            except ValidationError as error:
                self.add_error(TERMS_FIELDS[0], error)
        if not self.instance.pk:
            self.instance.room = self.room_form.instance
        if self.instance.pk:
            # The lock is kept until the admin's transaction ends, so that nobody slips in between look and save.
            stored = Event.objects.select_for_update(no_key=True).get(pk=self.instance.pk)
            WaitingRoom.objects.select_for_update(no_key=True).get(pk=stored.room.pk)
            if cleaned.get("seen") != version_of(stored):
                raise ValidationError(changed_meanwhile(stored), code="changed")
        return cleaned

    def save_room(self) -> WaitingRoom:
        """Save the room, with the event's opening time since `clean`, before the event.

        Not in `save`: the admin calls that before it has looked at the prices, and may yet refuse the whole.
        """
        return self.room_form.save()


EventForm.base_fields["seen"].label = gettext_lazy("version seen")


def version_of(event: Event) -> str:
    """Event's and room's versions together."""
    return f"{event.version}.{event.room.version}" if event.pk else ""


def changed_meanwhile(event: Event) -> str:
    """Who saved last, and when."""
    said = _("%(who)s saved this event at %(at)s, while you were editing. Yours was not saved: load the page again.")
    return said % last_saved(event, event.room)
