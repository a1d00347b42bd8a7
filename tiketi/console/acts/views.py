"""The console's acts: each asks first where it is dangerous, is done or not, and says so on the next page."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tiketi.console.acts import doing
from tiketi.console.acts.doing import Done, NotDone
from tiketi.console.acts.effect import as_json, effects, rows
from tiketi.console.acts.forms import (
    AdmitForm,
    AnnounceForm,
    CloseForm,
    LiftForm,
    PinForm,
    StandForm,
    TriedForm,
    TuningForm,
)
from tiketi.console.acts.rights import event_of, room_for, zone_of
from tiketi.console.acts.verbs import VERBS
from tiketi.console.rights import right_at
from waitingroom.errors import LineUnavailable, SettingsMissing
from waitingroom.models import WaitingRoom
from waitingroom.modes import MODES, mode_to_open


@require_safe
def acts(request: HttpRequest, slug: str) -> HttpResponse:
    """The acts by themselves."""
    return _page(request, room_for(request, slug, "look"))


@require_safe
def effect(request: HttpRequest, slug: str) -> JsonResponse:
    """What the settings in the query would do: numbers, and the same in words beside what is now. Saves nothing."""
    room = room_for(request, slug, "tune")
    form = TriedForm(request.GET, instance=room)
    if not form.is_valid():
        return JsonResponse({"errors": form.errors}, status=400)
    try:
        now, then = effects(WaitingRoom.objects.get(pk=room.pk), form.instance)
    except (LineUnavailable, SettingsMissing):
        return JsonResponse({"status": "unavailable"}, status=503)
    words = {row.name: {"now": row.now, "then": row.then} for row in rows(now, then)}
    return JsonResponse({"effect": as_json(then), "words": words})


@require_POST
def tune(request: HttpRequest, slug: str) -> HttpResponse:
    """Save threshold and rate; or, asked for the preview, show what they would do."""
    room = room_for(request, slug, "tune")
    if "preview" in request.POST:
        form = TuningForm(request.POST, instance=room)
        with transaction.atomic():
            tried = form.instance if form.is_valid() else None
        return _page(request, WaitingRoom.objects.get(pk=room.pk), refused={"tuning": form}, tried=tried)
    return _saved(request, "tuning", TuningForm(request.POST, instance=room), "console: tuned")


@require_POST
def announce(request: HttpRequest, slug: str) -> HttpResponse:
    """Say something to everybody who waits or gathers, or take it back."""
    room = room_for(request, slug, "tune")
    sent = request.POST.copy()
    if "clear" in sent:
        for name in AnnounceForm.Meta.fields:
            sent[name] = ""
    return _saved(request, "words", AnnounceForm(sent, instance=room), "console: announced")


@require_http_methods(["GET", "HEAD", "POST"])
def stand(request: HttpRequest, slug: str, verb: str) -> HttpResponse:
    """Pause, drain, close, or go on: asked first, with how many people it is about."""
    room = room_for(request, slug, "tune")
    form_class = CloseForm if verb == "close" else StandForm
    page: dict[str, Any] = {"verb": VERBS[verb], "status": doing.status_of(slug)}
    if request.method != "POST":
        form = form_class(instance=room)
        if isinstance(form, CloseForm) and page["status"] and page["status"].waiting:
            form.ask()
        return _page(request, room, "stand", form=form, **page)
    sent = request.POST.copy()
    sent["mode"] = MODES[verb] if verb in MODES else mode_to_open(room)
    form = form_class(sent, instance=room)
    try:
        done = doing.save(form, f"console: {verb}")
    except NotDone as why:
        return _not_done(request, room, why)
    return _page(request, room, "stand", form=form, **page) if done is None else _told(request, room, done)


@require_POST
def admit(request: HttpRequest, slug: str) -> HttpResponse:
    """Let people in from the head of the line: asked first, and once for each form."""
    room = room_for(request, slug, "tune")
    form = AdmitForm(request.POST)
    if not form.is_valid():
        return _page(request, room, refused={"admitting": form})
    count = form.cleaned_data["count"]
    page = {"form": form, "count": count, "status": doing.status_of(slug)}
    return _asked(request, room, "admit", page, lambda by: doing.admit(room, by, **form.cleaned_data))


@require_POST
def pin(request: HttpRequest, slug: str) -> HttpResponse:
    """Order servers: at least so many, or at most, for some time."""
    room = room_for(request, slug, "order")
    form = PinForm(request.POST)
    if not form.is_valid():
        return _page(request, room, refused={"pinning": form})
    return _asked(request, room, "pin", {"form": form}, lambda by: doing.pin(form.instance, by))


@require_POST
def lift(request: HttpRequest, slug: str) -> HttpResponse:
    """End the pin that was shown: asked first."""
    room = room_for(request, slug, "order")
    form = LiftForm(request.POST)
    if not form.is_valid():
        return _not_done(request, room, NotDone(doing.another_pin()))
    shown = form.cleaned_data["pin"]
    return _asked(request, room, "lift", {"form": form, "pin": shown}, lambda by: doing.lift(shown, by))


def _asked(
    request: HttpRequest, room: WaitingRoom, name: str, page: dict[str, Any], act: Callable[[User], Done]
) -> HttpResponse:
    """Ask, and do it once it was agreed to."""
    if "sure" not in request.POST:
        return _page(request, room, name, **page)
    assert isinstance(request.user, User)  # noqa: S101 (nobody else has rights)
    try:
        done = act(request.user)
    except NotDone as why:
        messages.error(request, str(why))
        return _page(request, room, name, **page)
    return _told(request, room, done)


def _saved(request: HttpRequest, name: str, form: Any, why: str) -> HttpResponse:
    try:
        done = doing.save(form, why)
    except NotDone as refused:
        return _not_done(request, form.instance, refused, refused={name: form})
    if done is None:
        return _page(request, WaitingRoom.objects.get(pk=form.instance.pk), refused={name: form})
    return _told(request, form.instance, done)


def _not_done(request: HttpRequest, room: WaitingRoom, why: NotDone, **page: Any) -> HttpResponse:
    messages.error(request, str(why))
    return _page(request, WaitingRoom.objects.get(pk=room.pk), **page)


def _told(request: HttpRequest, room: WaitingRoom, done: Done) -> HttpResponse:
    """On the sale's console, or where there is none for them on the acts' own page."""
    messages.add_message(request, messages.WARNING if done.warning else messages.SUCCESS, done.said)
    event = event_of(room)
    sees_sale = event is not None and right_at(request.user, event) is not None
    return HttpResponseRedirect(reverse("console-sale" if sees_sale else "console-acts:page", args=[room.slug]))


def _page(request: HttpRequest, room: WaitingRoom, name: str = "page", **page: Any) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": _("Acts"),
        "room": room,
        "event": event_of(room),
        "zone": zone_of(room),
        **page,
    }
    return render(request, f"console/acts/{name}.html", context)
