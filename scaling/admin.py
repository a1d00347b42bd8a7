"""The fleet in the admin: its decisions, to be read only, below how it fares now; pins, and what staff tune."""

import json
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from scaling import operator_actions, store
from scaling.models import FleetPin, FleetSettings, Prewarm, ScalingDecision
from scaling.preflight.check_names import CHECK_NAMES
from scaling.preflight.run import NoSuchRoom, preflight
from scaling.status import status
from scaling.term_words import in_words
from waitingroom.errors import LineUnavailable
from waitingroom.history_admin import HistoryAdmin
from waitingroom.hub import hub


@admin.register(ScalingDecision)
class ScalingDecisionAdmin(admin.ModelAdmin[ScalingDecision]):
    """What was decided, from what, and why."""

    list_display = ("at", "change", "reason", "why", "fault", "held_back")
    list_filter = ("reason", "held_back", "at")
    date_hierarchy = "at"
    fields = ("at", "reason", "before", "after", "inputs_shown", "terms_shown", "fault", "held_back")
    readonly_fields = fields
    change_list_template = "admin/scaling/scalingdecision/change_list.html"

    @admin.display(description=_("change"))
    def change(self, decision: ScalingDecision) -> str:
        """From how many instances to how many."""
        return f"{decision.before} → {decision.after}"

    @admin.display(description=_("terms"))
    def why(self, decision: ScalingDecision) -> str:
        """The terms in one line."""
        return in_words(decision.terms)

    @admin.display(description=_("inputs"))
    def inputs_shown(self, decision: ScalingDecision) -> SafeString:
        """What was seen."""
        return _shown(decision.inputs)

    @admin.display(description=_("terms"))
    def terms_shown(self, decision: ScalingDecision) -> SafeString:
        """What was reckoned."""
        return _shown(decision.terms)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, with the fleet above it."""
        try:
            fleet = status()
        except (RedisError, LineUnavailable):
            fleet = {}
        jobs = {name: state.trouble for name, state in hub().states.items()}
        return super().changelist_view(request, {**(extra_context or {}), "fleet": fleet, "jobs": jobs})

    def get_urls(self) -> list[URLPattern]:
        """The check before a sale has an address of its own."""
        view = self.admin_site.admin_view(self.preflight)
        return [path("preflight/<slug:slug>/", view, name="scaling_preflight"), *super().get_urls()]

    def preflight(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Everything that would spoil the sale, a line each."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            found = preflight(slug)
        except NoSuchRoom as error:
            raise Http404(str(error)) from error
        context = {**self.admin_site.each_context(request), "title": _("Check before the sale"), "slug": slug}
        lines = [(CHECK_NAMES.get(line.check, line.check), line) for line in found]
        return TemplateResponse(request, "admin/scaling/preflight.html", {**context, "lines": lines})

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody writes history."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: ScalingDecision | None = None) -> bool:
        """Nobody rewrites it."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ScalingDecision | None = None) -> bool:
        """Nobody tears pages out."""
        return False


def _shown(content: dict[str, Any]) -> SafeString:
    return format_html("<pre>{}</pre>", json.dumps(content, ensure_ascii=False, indent=2))


@admin.register(FleetPin)
class FleetPinAdmin(admin.ModelAdmin[FleetPin]):
    """Pins: made here or by the command, lifted by an action, never rewritten."""

    list_display = ("made_at", "floor", "ceiling", "until", "why", "by", "lifted_at", "lifted_by")
    actions = ("lift",)

    def save_model(self, request: HttpRequest, obj: FleetPin, form: Any, change: bool) -> None:  # noqa: FBT001 (Django's)
        """Put it in force at once, under the name of who made it."""
        obj.by = request.user.get_username()
        super().save_model(request, obj, form, change)
        _told(self, request, lambda: operator_actions.hold(store.now()))

    @admin.action(description=_("Lift the pin in force"), permissions=["add"])
    def lift(self, request: HttpRequest, _queryset: Any) -> None:
        """End the one in force."""
        _told(self, request, lambda: operator_actions.lift_pin(request.user.get_username(), store.now()))

    def has_change_permission(self, request: HttpRequest, obj: FleetPin | None = None) -> bool:
        """Nobody rewrites it."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: FleetPin | None = None) -> bool:
        """Nobody tears pages out."""
        return False


class FleetSettingsForm(forms.ModelForm[FleetSettings]):
    """The settings, refused if somebody saved since they were shown."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = self.instance.version

    def clean(self) -> dict[str, Any]:
        """Refuse to overwrite what the sender of the form has not seen."""
        cleaned = super().clean() or {}
        if (cleaned.get("seen") or 0) != FleetSettings.saved().version:
            raise ValidationError(_("Somebody saved while you were editing. Yours was not saved: load it anew."))
        return cleaned


@admin.register(FleetSettings)
class FleetSettingsAdmin(HistoryAdmin):
    """What staff tune, with its history; one row, in force at once."""

    form = FleetSettingsForm

    def save_model(self, request: HttpRequest, obj: FleetSettings, form: Any, change: bool) -> None:  # noqa: FBT001 (Django's)
        """Put it in force."""
        super().save_model(request, obj, form, change)
        _told(self, request, lambda: operator_actions.put_in_force(store.now()))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """One row."""
        return super().has_add_permission(request) and not FleetSettings.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: FleetSettings | None = None) -> bool:
        """Emptied, not deleted."""
        return False


@admin.register(Prewarm)
class PrewarmAdmin(HistoryAdmin):
    """What single sales ask for ahead, with its history."""

    list_display = ("room", "instances", "lead_s", "keep_s", "expected_visitors")

    def save_model(self, request: HttpRequest, obj: Prewarm, form: Any, change: bool) -> None:  # noqa: FBT001 (Django's)
        """Put it on the schedule."""
        super().save_model(request, obj, form, change)
        _told(self, request, lambda: operator_actions.put_on_schedule(store.now()))


def _told(model_admin: admin.ModelAdmin[Any], request: HttpRequest, act: Callable[[], None]) -> None:
    """Do it, and tell where it was refused."""
    try:
        act()
    except (operator_actions.NotSettable, RedisError, LineUnavailable) as error:
        model_admin.message_user(request, str(error), messages.WARNING)
