"""The second step's three forms, each by itself: a plan that is there, one from a few numbers, one from a file."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.admin.guided.drafts import SeenForm
from events.admin.plan_form import GeneratorForm, LinesForm
from events.models import Event, Plan
from events.plans.drafts import Draft, generate, headings, read_plan

MAX_LINES = 12
NAME_TAKEN = gettext_lazy("The venue has a plan of this name. Choose it above, or give this one another.")


class ChosenPlan(forms.ModelChoiceField[Plan]):
    """Plans with what they hold."""

    def label_from_instance(self, plan: Any) -> str:
        """Its name, seats and sections."""
        said = _("%(name)s: %(seats)s seats in %(sections)d sections")
        return said % {"name": plan.name, "seats": f"{plan.seats:,}", "sections": plan.blocks}


class ChooseForm(SeenForm):
    """One of the venue's plans."""

    plan = ChosenPlan(
        label=gettext_lazy("seating plan"), queryset=Plan.objects.none(), widget=forms.RadioSelect, empty_label=None
    )

    def __init__(self, event: Event, data: Any = None) -> None:
        super().__init__(event, data, prefix="choose")
        self.initial["plan"] = event.plan_id
        field: Any = self.fields["plan"]
        field.queryset = plans_of(event)


def plans_of(event: Event) -> QuerySet[Plan]:
    """The venue's plans that have seats, with how many (`seats`, `blocks`)."""
    counted = Plan.objects.filter(venue=event.venue).annotate(seats=Sum("sections__capacity"), blocks=Count("sections"))
    return counted.filter(seats__gt=0).order_by("name")


class NameTaken(Exception):
    """The venue has a plan of the name, which is not this event's."""


class NewPlanForm(SeenForm):
    """A plan of the venue by a new name, or the one that was made for this event alone, by its own."""

    found: Plan | None = None  # the event's own, to be built over
    name = forms.CharField(label=gettext_lazy("name of the plan"), max_length=80)

    def __init__(self, event: Event, data: Any = None, **kwargs: Any) -> None:
        super().__init__(event, data, **kwargs)
        self.initial["name"] = name_for(event)

    def clean_name(self) -> str:
        """Refuse the name of another plan: it would lose its seats."""
        name: str = self.cleaned_data["name"]
        self.found = Plan.objects.filter(venue=self.event.venue, name=name).first()
        if self.found is not None and not is_its_own(self.event, self.found):
            raise ValidationError(NAME_TAKEN)
        return name

    def plan(self) -> Plan:
        """The plan to build. Raises NameTaken where another event's came to be meanwhile: it would lose its seats."""
        if self.found is not None:
            return self.found
        try:
            with transaction.atomic():
                return Plan.objects.create(venue=self.event.venue, name=self.cleaned_data["name"])
        except IntegrityError as error:
            raise NameTaken from error


class GeneratedForm(NewPlanForm):
    """The name, and a table of alike sections; `draft` is what they make."""

    draft: Draft

    def __init__(self, event: Event, data: Any = None) -> None:
        super().__init__(event, data, prefix="generate")
        self.lines = Lines(data, prefix="lines")

    def clean(self) -> dict[str, Any]:
        """Read the numbers as the table that they stand for; what is wrong with one stands beside it."""
        cleaned = super().clean()
        if not self.lines.is_valid():
            raise ValidationError(_("Something in the table is missing or wrong."))
        filled = [form for form in self.lines.forms if form.cleaned_data.get("sections")]
        if not filled:
            self.lines.forms[0].add_error("sections", _("Which sections, please?"))
            raise ValidationError(_("There are no seats here."))
        text = "\n".join([headings(), *(generate(**form.cleaned_data).split("\n")[1] for form in filled)])
        self.draft = read_plan(text)
        for error in self.draft.errors:
            filled[min(max(error.line - 2, 0), len(filled) - 1)].add_error("sections", error.text)
        if self.draft.errors:
            raise ValidationError(_("Something in the table is missing or wrong."))
        return cleaned


Lines = forms.formset_factory(GeneratorForm, extra=4, max_num=MAX_LINES, absolute_max=MAX_LINES, validate_max=True)


class UploadForm(NewPlanForm, LinesForm):
    """The name, and the plan as a file or its lines."""

    field_order = ("name", "file", "lines")

    def __init__(self, event: Event, data: Any = None, files: Any = None, **shown: str) -> None:
        super().__init__(event, data, files=files, prefix="upload")
        self.initial.update(shown)


def is_its_own(event: Event, plan: Plan) -> bool:
    """Whether the plan is the event's and no other's, and bears the name that was proposed for it."""
    others = plan.events.exclude(pk=event.pk)
    return plan.pk == event.plan_id and plan.name == event.title_ko[:80] and not others.exists()


def name_for(event: Event) -> str:
    """What a plan of the event's own may be called: as the event, with a number where the venue has one already."""
    base = event.title_ko[:80]
    if event.plan is not None and is_its_own(event, event.plan):
        return base
    taken = set(Plan.objects.filter(venue=event.venue).values_list("name", flat=True))
    names = (base, *(f"{base[:76]} {number}" for number in range(2, 1000)))
    return next((name for name in names if name not in taken), base)
