"""The form that seats come from: lines of CSV, typed, uploaded or generated."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.admin.table_form import TableForm
from events.plans.drafts import Draft, generate, read_plan


class LinesForm(TableForm):
    """The plan as CSV."""

    draft: Draft

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lines"].help_text = _(
            "section,level,row,first,last. Level 0 is the floor. Sections and rows may be ranges such as 101-110, "
            "A1-A6, 01-06 or A-J; a line without a row is a standing area with entry numbers."
        )
        kinds = _(
            "A sixth column, kind, is for wheelchair spaces (wheelchair) and the seats of companions (companion)."
        )
        self.fields["lines"].help_text += f" {kinds}"

    def clean(self) -> dict[str, Any]:
        """Read the plan."""
        cleaned = super().clean()
        self.draft = read_plan(self.text)
        self.refuse(self.draft.errors)
        return cleaned


class GeneratorForm(forms.Form):
    """Alike sections, from a few numbers."""

    sections = forms.CharField(label=gettext_lazy("sections"), max_length=40, help_text=gettext_lazy("such as 101-124"))
    level = forms.IntegerField(label=gettext_lazy("level"), min_value=0, max_value=9, initial=1)
    rows = forms.IntegerField(
        label=gettext_lazy("rows"), min_value=0, max_value=200, initial=20, help_text=gettext_lazy("0: people stand")
    )
    seats = forms.IntegerField(label=gettext_lazy("seats in a row"), min_value=1, max_value=50_000, initial=20)

    def lines_after(self, lines: str) -> str:
        """The lines so far, with these sections' added."""
        made = generate(**self.cleaned_data)
        return f"{lines.rstrip()}\n{made.split(chr(10), 1)[1]}" if lines.strip() else made
