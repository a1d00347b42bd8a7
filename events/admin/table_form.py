"""A form that takes a table: typed, or uploaded as a file of a spreadsheet."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.plans.files import LineError, UnreadableFile, text_of

LARGEST_FILE = 2_000_000  # bytes


class TableForm(forms.Form):
    """Lines of CSV; `text` has what was sent, once the form was found valid so far."""

    file = forms.FileField(label=gettext_lazy("CSV file"), required=False)
    lines = forms.CharField(
        label=gettext_lazy("or its lines"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 14, "cols": 70, "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        """Read the file, or what was typed."""
        cleaned = super().clean() or {}
        self.text = cleaned.get("lines", "")
        if upload := cleaned.get("file"):
            if upload.size > LARGEST_FILE:
                raise forms.ValidationError(_("The file is too large."))
            try:
                self.text = text_of(upload.read())
            except UnreadableFile as error:
                raise forms.ValidationError(str(error)) from error
        return cleaned

    def refuse(self, mistakes: Iterable[LineError]) -> None:
        """Every mistake becomes an error that names its line."""
        said = _("Line %(line)d: %(text)s")
        errors = [forms.ValidationError(said, params={"line": each.line, "text": each.text}) for each in mistakes]
        if errors:
            raise forms.ValidationError(errors)
