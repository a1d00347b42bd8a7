"""The first step's form: what it is, where and when; with it come its address, a venue, and hours to begin with."""

from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.admin.event_form import EventForm
from events.admin.guided.fields import LocalMomentField
from events.admin.terms_form import TERMS_FIELDS
from events.models import Event, Venue
from events.sale.closing import lay_over_room
from events.sale.proposals import hours_before
from waitingroom.draw_plan import is_spent
from waitingroom.models import WaitingRoom

# Twelve colours, besides the one that an event has.
HUES = range(10, 360, 30)
MAX_SLUG = 60
NEW_VENUE = "hall"  # the prefix of its fields
VENUES_OWN = ("name_ko", "name_en", "address_ko", "address_en", "city")


class NameForm(forms.ModelForm[WaitingRoom]):
    """The room that an event is made with: its address name."""

    class Meta:
        model = WaitingRoom
        fields = ("slug",)


class VenueForm(forms.ModelForm[Venue]):
    """A venue that is not there yet."""

    # Browsers would refuse a form whose venue is chosen, for want of a new one's name.
    use_required_attribute = False

    class Meta:
        model = Venue
        fields = (*VENUES_OWN, "time_zone")


class WhatForm(EventForm):
    """The event's facts for its page, with a venue that is there or a new one.

    Its times are read by the clock in force, which the view takes from the venue. Checked and saved inside one
    transaction, with the event locked.
    """

    room_form_class = NameForm
    venue = forms.ModelChoiceField(
        label=gettext_lazy("venue"), queryset=Venue.objects.all(), required=False, empty_label=gettext_lazy("a new one")
    )
    starts_at = LocalMomentField(label=gettext_lazy("event starts"))

    class Meta(EventForm.Meta):
        fields = (
            "kind",
            "title_ko",
            "title_en",
            "venue",
            "starts_at",
            "running_minutes",
            "minimum_age",
            "performers_ko",
            "performers_en",
            "description_ko",
            "description_en",
            "motif",
            "hue",
        )
        widgets = {"motif": forms.RadioSelect, "hue": forms.RadioSelect}

    def __init__(self, data: Any = None, *, may_add_venue: bool = False, **kwargs: Any) -> None:
        if data is not None and kwargs.get("instance") is None and not data.get("slug", "").strip():
            data = data.copy()
            data["slug"] = free_name(data.get("title_en", ""), data.get("starts_at", ""))
        super().__init__(data, **kwargs)
        for name in TERMS_FIELDS:
            del self.fields[name]
        if "slug" in self.fields:
            self.fields["slug"].required = False
            self.fields["slug"].help_text = _("Empty: made of the English title. It stays, in addresses and commands.")
        hue: Any = self.fields["hue"]
        hue.widget.choices = [(one, f"{one}°") for one in sorted({*HUES, self.instance.hue})]
        self.venue_form = VenueForm(data, prefix=NEW_VENUE) if may_add_venue else None
        if self.venue_form is None:
            self.fields["venue"].required = True
        self.hours_are_new = False  # the sale's hours were proposed anew, since those decided fit no more

    @property
    def wants_a_venue(self) -> bool:
        """Whether a new venue is described."""
        fields = [f"{NEW_VENUE}-{name}" for name in VENUES_OWN]
        return self.venue_form is not None and any(self.data.get(name, "").strip() for name in fields)

    def clean(self) -> dict[str, Any]:
        """Refuse a day that is past, no venue and two; and give the sale hours that go with the show's."""
        cleaned = super().clean()
        starts_at, venue = cleaned.get("starts_at"), cleaned.get("venue")
        if starts_at is not None and starts_at <= timezone.now():
            self.add_error("starts_at", _("A date to come, please."))
        if "venue" not in self.errors:
            self._check_venue(venue)
        if not self.errors and not self._hours_fit(cleaned):
            self._propose_hours(cleaned["starts_at"])
        return cleaned

    def _check_venue(self, venue: Venue | None) -> None:
        if venue is not None and self.wants_a_venue:
            self.add_error("venue", _("One venue, please: choose it here, or leave this at “a new one”."))
        elif venue is None and not self.wants_a_venue:
            self.add_error("venue", _("Where does it take place? Choose a venue, or describe a new one."))
        elif venue is None and self.venue_form is not None and not self.venue_form.is_valid():
            self.add_error("venue", _("Something of the new venue is missing or wrong."))

    def _hours_fit(self, cleaned: dict[str, Any]) -> bool:
        """Whether the hours that staff decided are still hours of a sale, on the clock by which they decided."""
        event, starts_at = self.instance, cleaned["starts_at"]
        if not event.pk or not event.sale_decided or event.venue.time_zone != str(timezone.get_current_timezone()):
            return False
        ends_at = starts_at + timedelta(minutes=cleaned["running_minutes"])
        return event.closes_at <= ends_at and (event.cancel_until is None or event.cancel_until <= starts_at)

    def _propose_hours(self, starts_at: datetime) -> None:
        event = self.instance
        self.hours_are_new = bool(event.pk and event.sale_decided)
        hours = hours_before(starts_at, timezone.now(), timezone.get_current_timezone())
        event.opens_at, event.closes_at, event.cancel_until = hours.opens_at, hours.closes_at, hours.cancel_until
        event.sale_decided = False

    def keep(self) -> Event:
        """Save venue, room and event."""
        event = self.instance
        if self.venue_form is not None and self.cleaned_data["venue"] is None:
            event.venue = self.venue_form.save()
        if not event.pk:
            event.announced_at = None  # a draft, until staff publish it
            event.room = self.save_room()
        event.save()
        lay_over_room(event)
        return event


def free_name(title_en: str, starts_at: str) -> str:
    """An address name that nobody has: of the English title or the day (as the form has it, ISO 8601)."""
    try:
        day = f"{date.fromisoformat(starts_at[:10]):%Y%m%d}"
    except ValueError:
        day = ""
    base = slugify(title_en)[:MAX_SLUG].strip("-") or f"event-{day}".strip("-")
    names = chain([base], (f"{base}-{number}" for number in range(2, 1000)))
    taken = set(WaitingRoom.objects.filter(slug__istartswith=base).values_list("slug", flat=True))
    taken = {name.lower() for name in taken}
    return next((name for name in names if name not in taken and not is_spent(name)), base)
