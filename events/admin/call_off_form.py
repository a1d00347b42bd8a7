"""The form that calls a show off: why, and yes, it is meant."""

from django import forms
from django.utils.translation import gettext_lazy


class CallOffForm(forms.Form):
    """What those who wait and those who bought read, and the confirmation."""

    why_ko = forms.CharField(label=gettext_lazy("why (Korean)"), max_length=200, required=False)
    why_en = forms.CharField(label=gettext_lazy("why (English)"), max_length=200, required=False)
    confirmed = forms.BooleanField(label=gettext_lazy("Yes, this show will not take place."))
