"""Waiting rooms in the admin, for sites whose own pages do not carry the fields."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.admin import SimpleHistoryAdmin

from waitingroom.closing import ClosingForm
from waitingroom.models import THRESHOLD_PER_INSTANCE, WaitingRoom
from waitingroom.versions import last_saved


class WaitingRoomForm(ClosingForm):
    """The settings, refused if somebody saved since they were shown."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, label=gettext_lazy("version seen"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = str(self.instance.version) if self.instance.pk else ""

    def clean(self) -> dict[str, Any]:
        """Refuse to overwrite what the sender of the form has not seen."""
        cleaned = super().clean() or {}
        if self.instance.pk:
            # The lock is kept until the admin's transaction ends, so that nobody slips in between look and save.
            stored = WaitingRoom.objects.select_for_update(no_key=True).get(pk=self.instance.pk)
            if cleaned.get("seen") != str(stored.version):
                said = _(
                    "%(who)s saved this room at %(at)s, while you were editing. Yours was not saved: load it anew."
                )
                raise ValidationError(said % last_saved(stored), code="changed")
        return cleaned


@admin.register(WaitingRoom)
class WaitingRoomAdmin(SimpleHistoryAdmin):  # type: ignore[misc]  # simple_history has no types
    """The settings, with their history."""

    form = WaitingRoomForm
    list_display = ("slug", "mode", "threshold", "users_per_minute_per_instance", "updated_at")
    list_filter = ("mode",)
    search_fields = ("slug",)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new room follows the fleet, unless staff want a fixed threshold."""
        return {"threshold_per_instance": THRESHOLD_PER_INSTANCE, **super().get_changeform_initial_data(request)}

    def get_fields(self, request: HttpRequest, obj: WaitingRoom | None = None) -> list[str]:
        """What is on the form alone comes after what it asks for; who may only look gets none of it."""
        names = super().get_fields(request, obj)
        others = [name for name in names if name not in ("seen", "close_agreed")]
        if not self.has_change_permission(request, obj):
            return others
        others.insert(others.index("mode") + 1, "close_agreed")
        return [*others, "seen"]

    def get_readonly_fields(self, request: HttpRequest, obj: WaitingRoom | None = None) -> tuple[str, ...]:
        """Another name would be another line: those who wait would be lost."""
        return ("slug",) if obj else ()

    def revert_disabled(self, request: HttpRequest, obj: WaitingRoom | None = None) -> bool:
        """The history is there to be read: going back to an old form would overwrite what others changed since."""
        return True
