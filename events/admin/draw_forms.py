"""What staff fill in for an event's draw: where chance comes from, what a source said, and that it is given up."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from waitingroom.draw_plan import DrawPlan
from waitingroom.draw_state import DrawState


class PlanForm(forms.ModelForm[DrawPlan]):
    """Until the rule is signed."""

    class Meta:
        model = DrawPlan
        fields: ClassVar = ("chance", "lead_minutes", "parties")


class RevealForm(forms.Form):
    """What a source said, typed in; for drand it may be left empty: relays are asked."""

    source = forms.ChoiceField(label=gettext_lazy("source"))
    value = forms.CharField(
        label=gettext_lazy("what it said"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Hexadecimal digits. It is checked: nothing else than the source's word is taken."),
    )

    def __init__(self, state: DrawState, data: Any = None) -> None:
        super().__init__(data)
        self._awaited = state.awaited
        choice: Any = self.fields["source"]
        choice.choices = [(source.name, source.name) for source in state.awaited]

    def clean(self) -> dict[str, Any]:
        """A party's word cannot be asked for."""
        cleaned = super().clean() or {}
        kinds = {source.name: source.kind for source in self._awaited}
        if kinds.get(cleaned.get("source", "")) == "party" and not cleaned.get("value"):
            self.add_error("value", _("What did they say?"))
        return cleaned


class GiveUpForm(forms.Form):
    """For everybody to read."""

    why = forms.CharField(label=gettext_lazy("why"), max_length=200)
    confirmed = forms.BooleanField(
        label=gettext_lazy("Yes: there will be no draw of this event, and they come in by the order of arrival.")
    )
