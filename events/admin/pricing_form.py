"""One form that gives every section of an event's plan its price tier."""

from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Event, Occupancy, Section, SectionPrice


class PricingForm(forms.Form):
    """A choice for each section; nothing chosen means that the section is not on sale."""

    def __init__(self, event: Event, data: Any = None) -> None:
        super().__init__(data)
        self.event = event
        self.sections = list(Section.objects.filter(plan=event.plan)) if event.plan else []
        tiers = [("", gettext_lazy("not on sale")), *((tier.pk, str(tier)) for tier in event.tiers.all())]
        now = dict(SectionPrice.objects.filter(event=event).values_list("section_id", "tier_id"))
        for section in self.sections:
            self.fields[self.name_of(section)] = forms.TypedChoiceField(
                label=section.name,
                choices=tiers,
                coerce=int,
                required=False,
                empty_value=None,
                initial=now.get(section.pk, ""),
                help_text=str(section.capacity),
            )

    @staticmethod
    def name_of(section: Section) -> str:
        """The field's name."""
        return f"section-{section.pk}"

    def clean(self) -> dict[str, Any]:
        """A section with occupied seats stays on sale."""
        cleaned = super().clean() or {}
        occupied = set(Occupancy.objects.filter(event=self.event).values_list("seat__section", flat=True))
        for section in self.sections:
            if section.pk in occupied and cleaned.get(self.name_of(section)) is None:
                self.add_error(self.name_of(section), _("Seats here are held or sold: it must keep a price."))
        return cleaned

    @transaction.atomic
    def save(self) -> None:
        """Put the prices in force; the versions of the event tell other editors."""
        for section in self.sections:
            tier = self.cleaned_data[self.name_of(section)]
            if tier is None:
                SectionPrice.objects.filter(event=self.event, section=section).delete()
            else:
                SectionPrice.objects.update_or_create(event=self.event, section=section, defaults={"tier_id": tier})
        self.event.save(update_fields=["version"])
