"""One form that gives every section of an event's plan its price tier, and one that fills in a whole level."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Event, Section, SectionPrice
from events.sale.repricing import SeatsBeingTaken, must_stay, reprice


class PricingForm(forms.Form):
    """A choice for each section; nothing chosen means that the section is not on sale.

    Checked and saved inside one transaction, with the event and its plan locked.
    """

    def __init__(self, event: Event, data: Any = None, *, initial: Mapping[str, str] | None = None) -> None:
        super().__init__(data)
        self.event = event
        self.prices = {price.section_id: price for price in SectionPrice.objects.filter(event=event)}
        self.sections = list(Section.objects.filter(plan=event.plan)) if event.plan else []
        choices = tier_choices(event)
        for section in self.sections:
            now = self.prices[section.pk].tier_id if section.pk in self.prices else ""
            self.fields[name_of(section)] = forms.TypedChoiceField(
                label=section.name,
                choices=choices,
                coerce=int,
                required=False,
                empty_value=None,
                initial=now if initial is None else initial.get(name_of(section), now),
                help_text=str(section.capacity),
            )

    def clean(self) -> dict[str, Any]:
        """A section with occupied seats stays on sale."""
        cleaned = super().clean() or {}
        leaving = {s.pk: s for s in self.sections if s.pk in self.prices and cleaned.get(name_of(s)) is None}
        try:
            staying = must_stay(self.event, leaving)
        except SeatsBeingTaken as error:
            raise forms.ValidationError(str(error)) from error
        for pk in staying:
            self.add_error(name_of(leaving[pk]), _("Seats here are held or sold: it must keep a price."))
        return cleaned

    def save(self) -> None:
        """Put the prices in force."""
        reprice(self.event, {section.pk: self.cleaned_data[name_of(section)] for section in self.sections})


class LevelForm(forms.Form):
    """A tier for all sections of a level, or of all levels, to be filled in."""

    def __init__(self, event: Event, data: Any = None) -> None:
        super().__init__(data)
        self.sections = list(Section.objects.filter(plan=event.plan)) if event.plan else []
        levels = sorted({section.level for section in self.sections})
        self.fields["level"] = forms.TypedChoiceField(
            label=gettext_lazy("level"),
            choices=[("", gettext_lazy("all levels")), *((number, str(number)) for number in levels)],
            coerce=int,
            required=False,
            empty_value=None,
        )
        self.fields["tier"] = forms.ChoiceField(
            label=gettext_lazy("price tier"), choices=tier_choices(event), required=False
        )

    def fill(self, sent: Mapping[str, str]) -> dict[str, str]:
        """What was chosen for the sections so far, with this tier for the level's."""
        level, tier = self.cleaned_data["level"], self.cleaned_data["tier"]
        filled = [name_of(section) for section in self.sections if level in (None, section.level)]
        return {**{name: sent[name] for name in sent}, **dict.fromkeys(filled, tier)}


def name_of(section: Section) -> str:
    """The field of the section."""
    return f"section-{section.pk}"


def tier_choices(event: Event) -> list[tuple[Any, Any]]:
    """The event's tiers, and none."""
    return [("", gettext_lazy("not on sale")), *((tier.pk, str(tier)) for tier in event.tiers.all())]
