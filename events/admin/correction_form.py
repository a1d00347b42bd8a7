"""The form that corrects a plan: its table, and new names of rows."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.admin.table_form import TableForm
from events.models import Plan
from events.plans.comparing import Correction, compare
from events.plans.correction_tables import read_names, table_of
from events.plans.drafts import read_plan


class CorrectionForm(TableForm):
    """The plan as CSV, as it is to be; checked inside the transaction that corrects it, with the plan locked."""

    names = forms.CharField(
        label=gettext_lazy("new names of rows"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 70, "spellcheck": "false"}),
        help_text=gettext_lazy("section,row,new. The table above calls rows by their old names."),
    )
    correction: Correction

    def __init__(self, plan: Plan, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.plan = plan
        self.initial["lines"] = table_of(plan)

    def clean(self) -> dict[str, Any]:
        """Read both tables; what of them would hurt somebody is an error, with what stands in the way."""
        cleaned = super().clean()
        draft = read_plan(self.text)
        self.refuse(draft.errors)
        names, errors = read_names(cleaned.get("names", ""))
        self.refuse(errors)
        self.correction = compare(self.plan, draft, names)
        if self.correction.refused:
            raise forms.ValidationError([_("Nothing can be changed, because of these:"), *self.correction.refused])
        return cleaned
