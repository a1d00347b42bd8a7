"""The form that seats come from: lines of CSV, typed, uploaded or generated."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.plan_files import UnreadableFile, text_of
from events.plans import Draft, generate, read_plan

LARGEST_FILE = 2_000_000  # bytes


class LinesForm(forms.Form):
    """The plan as CSV."""

    file = forms.FileField(label=gettext_lazy("CSV file"), required=False)
    lines = forms.CharField(
        label=gettext_lazy("or its lines"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 14, "cols": 70, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "section,level,row,first,last. Level 0 is the floor. Sections and rows may be ranges such as 101-110, "
            "A1-A6, 01-06 or A-J; a line without a row is a standing area with entry numbers."
        ),
    )
    draft: Draft

    def clean(self) -> dict[str, Any]:
        """Read the lines; every mistake becomes an error that names its line."""
        cleaned = super().clean() or {}
        text = cleaned.get("lines", "")
        if upload := cleaned.get("file"):
            if upload.size > LARGEST_FILE:
                raise forms.ValidationError(_("The file is too large."))
            try:
                text = text_of(upload.read())
            except UnreadableFile as error:
                raise forms.ValidationError(str(error)) from error
        self.draft = read_plan(text)
        if self.draft.errors:
            raise forms.ValidationError(
                [
                    forms.ValidationError(_("Line %(line)d: %(text)s"), params={"line": error.line, "text": error.text})
                    for error in self.draft.errors
                ]
            )
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
