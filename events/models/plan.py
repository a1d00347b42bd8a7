"""A venue's plan: sections, and the seats in them."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from events.languages import in_language
from events.models.choices import SeatKind
from events.models.venue import Venue


class Plan(models.Model):
    """One way to seat people in a venue; an event takes it and prices it."""

    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="plans", verbose_name=_("venue"))
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("seating plan")
        verbose_name_plural = _("seating plans")
        ordering = ("venue", "name")
        constraints = (models.UniqueConstraint(fields=("venue", "name"), name="one_plan_of_a_name_in_a_venue"),)

    def __str__(self) -> str:
        return f"{self.venue}: {self.name}"

    def clean(self) -> None:
        """A plan that events seat people by stays in its hall."""
        if Plan.objects.filter(pk=self.pk, events__isnull=False).exclude(venue=self.venue_id).exists():
            raise ValidationError({"venue": _("Events use this plan: it stays in its venue.")})


class Section(models.Model):
    """A block of rows, or an area where people stand."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="sections", verbose_name=_("seating plan"))
    code = models.CharField(_("code"), max_length=20)
    name_ko = models.CharField(_("name (Korean)"), max_length=60)
    name_en = models.CharField(_("name (English)"), max_length=60, blank=True)
    level = models.PositiveSmallIntegerField(
        _("level"), default=1, validators=[MaxValueValidator(9)], help_text=_("0 is the floor in front of the stage.")
    )
    order = models.PositiveSmallIntegerField(_("order"), help_text=_("From left to right within the level."))
    standing = models.BooleanField(_("standing"), default=False)
    capacity = models.PositiveIntegerField(_("capacity"), default=0, editable=False)

    class Meta:
        verbose_name = _("section")
        verbose_name_plural = _("sections")
        ordering = ("level", "order", "pk")
        constraints = (models.UniqueConstraint(fields=("plan", "code"), name="one_section_of_a_code_in_a_plan"),)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a name that another section has, or that its tickets bear: two people would look for one chair."""
        others = Section.objects.filter(plan=self.plan_id).exclude(pk=self.pk)
        sold = others.filter(seats__lines__ticket__voided_at=None, seats__lines__ticket__isnull=False)
        if others.filter(name_ko=self.name_ko).exists() or sold.filter(seats__lines__section_ko=self.name_ko).exists():
            raise ValidationError({"name_ko": _("Another section has this name, or tickets of it bear it.")})

    @property
    def name(self) -> str:
        """The name in the page's language."""
        return in_language(self.name_ko, self.name_en)


def seat_label(*, section: str, row: str, number: int, standing: bool) -> str:
    """How tickets name a seat, in the page's language."""
    named = {"section": section, "row": row, "number": number}
    if standing:
        return gettext("%(section)s, entry number %(number)s") % named
    return gettext("%(section)s, row %(row)s, seat %(number)s") % named


class Seat(models.Model):
    """A seat in a row, or an entry number in a standing area."""

    section = models.ForeignKey(Section, on_delete=models.CASCADE, related_name="seats", verbose_name=_("section"))
    row = models.CharField(_("row"), max_length=8, blank=True)
    number = models.PositiveIntegerField(_("number"))
    ordinal = models.PositiveIntegerField(
        _("ordinal"),
        db_column="place",  # as releases before wrote it, which serve while this one starts
        help_text=_("Counts the section's seats from 0, row by row."),
    )

    kind = models.CharField(
        _("kind"), max_length=12, choices=SeatKind, blank=True, default=SeatKind.ORDINARY, db_default=SeatKind.ORDINARY
    )

    class Meta:
        verbose_name = _("seat")
        verbose_name_plural = _("seats")
        ordering = ("section", "ordinal")
        constraints = (
            models.UniqueConstraint(fields=("section", "row", "number"), name="one_seat_of_a_number_in_a_row"),
            models.UniqueConstraint(fields=("section", "ordinal"), name="one_seat_at_a_place_in_a_section"),
        )

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """How a ticket names the seat, in the page's language; needs `section`."""
        section = self.section
        label = seat_label(section=section.name, row=self.row, number=self.number, standing=section.standing)
        return f"{label} ({self.get_kind_display()})" if self.kind else label
