"""Staff ask how many servers the next opening needs, and how long before; the simulator answers."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from redis.exceptions import RedisError

from scaling import operator_actions, store
from scaling.fleet_settings import Prewarm
from scaling.in_force import configuration
from scaling.recording import NothingRecorded
from scaling.sales import NoSuchRoom, expected
from scaling.simulator.prewarm_plans import advise
from waitingroom.errors import LineUnavailable
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


class TakenForm(forms.ModelForm[Prewarm]):
    """The plan that staff take for the sale."""

    class Meta:
        model = Prewarm
        fields = ("instances", "lead_s", "expected_visitors")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("instances", "lead_s"):
            self.fields[name].required = True


def prewarm_plan(request: HttpRequest, slug: str) -> HttpResponse:
    """The form; asked with its fields, the prewarms tried and the cheapest that keeps the target wait.

    A POST takes one: it becomes the sale's prewarm, on the schedule at once.
    """
    if not request.user.has_perm("scaling.view_scalingdecision"):
        raise PermissionDenied
    room = WaitingRoom.objects.filter(slug=slug).first()
    if room is None:
        raise Http404
    if request.method == "POST":
        return _take(request, room)
    form = ExpectedSaleForm(request.GET or None)
    page = {**admin.site.each_context(request), "title": _("Servers for the opening"), "slug": slug, "form": form}
    page["may_take"] = _may_take(request)
    if form.is_valid():
        page |= _plan(form, slug)
    return render(request, "admin/scaling/prewarm_plan.html", page)


def _may_take(request: HttpRequest) -> bool:
    return request.user.has_perms(["scaling.add_prewarm", "scaling.change_prewarm"])


def _take(request: HttpRequest, room: WaitingRoom) -> HttpResponse:
    if not _may_take(request):
        raise PermissionDenied
    taken = TakenForm(request.POST, instance=Prewarm.objects.filter(room=room).first() or Prewarm(room=room))
    if not taken.is_valid():
        for texts in taken.errors.values():
            messages.error(request, " ".join(map(str, texts)))
        return HttpResponseRedirect(reverse("prewarm-plan", args=[room.slug]))
    prewarm = taken.save()
    messages.success(request, _("The plan is taken: it holds for this sale, and is on the schedule."))
    try:
        operator_actions.put_on_schedule(store.now())
    except (operator_actions.NotSettable, RedisError, LineUnavailable) as error:
        messages.warning(request, str(error))
    return HttpResponseRedirect(reverse("admin:scaling_prewarm_change", args=[prewarm.pk]))


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
