"""Decisions in the admin, to be read only, below how the fleet fares now."""

import json
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from scaling import operator_actions, store
from scaling.models import FleetPin, ScalingDecision
from scaling.status import status
from waitingroom.errors import LineUnavailable
from waitingroom.hub import hub


@admin.register(ScalingDecision)
class ScalingDecisionAdmin(admin.ModelAdmin[ScalingDecision]):
    """What was decided, from what, and why."""

    list_display = ("at", "change", "reason", "why", "fault")
    list_filter = ("reason", "at")
    date_hierarchy = "at"
    fields = ("at", "reason", "before", "after", "inputs_shown", "terms_shown", "fault")
    readonly_fields = fields
    change_list_template = "admin/scaling/scalingdecision/change_list.html"

    @admin.display(description=_("change"))
    def change(self, decision: ScalingDecision) -> str:
        """From how many instances to how many."""
        return f"{decision.before} → {decision.after}"

    @admin.display(description=_("terms"))
    def why(self, decision: ScalingDecision) -> str:
        """The terms in one line."""
        return ", ".join(f"{name} {value}" for name, value in decision.terms.items())

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
        self._hold(request)

    @admin.action(description=_("Lift the pin in force"), permissions=["add"])
    def lift(self, request: HttpRequest, _queryset: Any) -> None:
        """End the one in force."""
        try:
            operator_actions.lift_pin(request.user.get_username(), store.now())
        except operator_actions.NotSettable as error:
            self.message_user(request, str(error), messages.WARNING)

    def _hold(self, request: HttpRequest) -> None:
        try:
            operator_actions.hold(store.now())
        except (operator_actions.NotSettable, RedisError, LineUnavailable) as error:
            self.message_user(request, str(error), messages.WARNING)

    def has_change_permission(self, request: HttpRequest, obj: FleetPin | None = None) -> bool:
        """Nobody rewrites it."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: FleetPin | None = None) -> bool:
        """Nobody tears pages out."""
        return False
