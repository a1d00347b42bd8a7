"""One form that gives every section of an event's plan its price tier."""

from typing import Any

from django import forms
from django.db import OperationalError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Event, Occupancy, Section, SectionPrice


class PricingForm(forms.Form):
    """A choice for each section; nothing chosen means that the section is not on sale.

    Checked and saved inside one transaction, with the event and its plan locked.
    """

    def __init__(self, event: Event, data: Any = None) -> None:
        super().__init__(data)
        self.event = event
        self.prices = {price.section_id: price for price in SectionPrice.objects.filter(event=event)}
        self.sections = list(Section.objects.filter(plan=event.plan)) if event.plan else []
        tiers = [("", gettext_lazy("not on sale")), *((tier.pk, str(tier)) for tier in event.tiers.all())]
        for section in self.sections:
            self.fields[self.name_of(section)] = forms.TypedChoiceField(
                label=section.name,
                choices=tiers,
                coerce=int,
                required=False,
                empty_value=None,
                initial=self.prices[section.pk].tier_id if section.pk in self.prices else "",
                help_text=str(section.capacity),
            )

    @staticmethod
    def name_of(section: Section) -> str:
        """The field's name."""
        return f"section-{section.pk}"

    def clean(self) -> dict[str, Any]:
        """A section with occupied seats stays on sale."""
        cleaned = super().clean() or {}
        leaving = [s.pk for s in self.sections if s.pk in self.prices and cleaned.get(self.name_of(s)) is None]
        try:
            with transaction.atomic():
                # Not waited for: who has one locked is taking a seat there this moment.
                list(
                    self.event.section_prices.select_for_update(nowait=True).filter(section__in=leaving).order_by("pk")
                )
        except OperationalError as error:
            raise forms.ValidationError(_("Seats are being taken where you end the sale. Please try again.")) from error
        occupied = set(Occupancy.objects.filter(event=self.event).values_list("seat__section", flat=True))
        for section in self.sections:
            if section.pk in occupied and cleaned.get(self.name_of(section)) is None:
                self.add_error(self.name_of(section), _("Seats here are held or sold: it must keep a price."))
        return cleaned

    def save(self) -> None:
        """Put the prices in force; the version of the event tells other editors, and every change is in the history."""
        for section in sorted(self.sections, key=lambda s: self.prices[s.pk].pk if s.pk in self.prices else 0):
            price, tier = self.prices.get(section.pk), self.cleaned_data[self.name_of(section)]
            if price is None and tier is not None:
                SectionPrice.objects.create(event=self.event, section=section, tier_id=tier)
            elif price is not None and tier is None:
                price.delete()
            elif price is not None and price.tier_id != tier:
                price.tier_id = tier
                price.save(update_fields=["tier"])
        self.event.save(update_fields=["version"])
