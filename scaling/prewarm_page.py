"""Staff ask how many servers the next opening needs, and how long before; the simulator answers."""

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scaling.in_force import configuration
from scaling.recording import NothingRecorded
from scaling.sales import NoSuchRoom, expected
from scaling.simulator.prewarm_plans import advise
from waitingroom.models import WaitingRoom


class ExpectedSaleForm(forms.Form):
    """What staff know of the sale to come; everything may stay empty where a past sale is recorded."""

    crowd = forms.IntegerField(
        label=gettext_lazy("expected visitors"),
        min_value=1,
        max_value=1_000_000,
        required=False,
        help_text=gettext_lazy("Empty: as many as came to the last sale."),
    )
    half_life = forms.IntegerField(
        label=gettext_lazy("the rush is half after, seconds"),
        min_value=1,
        max_value=3600,
        required=False,
        help_text=gettext_lazy("Empty: in the shape of the last sale; 60 seconds where none is recorded."),
    )
    stay = forms.IntegerField(
        label=gettext_lazy("visitors stay inside, seconds"),
        min_value=1,
        max_value=86_400,
        required=False,
        help_text=gettext_lazy("Empty: as measured; 60 seconds where nothing was."),
    )


def prewarm_plan(request: HttpRequest, slug: str) -> HttpResponse:
    """The form; asked with its fields, the prewarms tried and the cheapest that keeps the target wait."""
    if not request.user.has_perm("scaling.view_scalingdecision"):
        raise PermissionDenied
    if not WaitingRoom.objects.filter(slug=slug).exists():
        raise Http404
    form = ExpectedSaleForm(request.GET or None)
    page = {**admin.site.each_context(request), "title": _("Servers for the opening"), "slug": slug, "form": form}
    if form.is_valid():
        page |= _plan(form, slug)
    return render(request, "admin/scaling/prewarm_plan.html", page)


def _plan(form: ExpectedSaleForm, slug: str) -> dict[str, object]:
    said = form.cleaned_data
    try:
        sale = expected(slug, crowd=said["crowd"], half_life_s=said["half_life"])
    except NothingRecorded:
        form.add_error("crowd", _("No sale of this room is recorded: say how many are expected, please."))
        return {}
    except NoSuchRoom as error:  # removed a moment ago
        raise Http404 from error
    scenario = sale.scenario.but(stay_s=said["stay"]) if said["stay"] else sale.scenario
    c = configuration()
    advice = advise(scenario, c.policy)
    kept = [(one, one.keeps(advice.target_wait_s)) for one in advice.candidates]
    stay_s, measured = scenario.sales[0].stay_s, sale.stay_measured and not said["stay"]
    return {
        "sale": sale,
        "advice": advice,
        "candidates": kept,
        "stay_s": stay_s,
        "measured": measured,
        "scenario": scenario,
    }
