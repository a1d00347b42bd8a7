"""Waiting rooms in the admin, for sites whose own pages do not carry the fields."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from waitingroom import admission
from waitingroom.closing import ClosingForm
from waitingroom.errors import LineUnavailable
from waitingroom.histories import Kept
from waitingroom.history_admin import COUNTED, HistoryAdmin
from waitingroom.models import SITES_WORD, THRESHOLD_PER_INSTANCE, WaitingRoom
from waitingroom.status import RoomStatus
from waitingroom.versions import last_saved

# In the histories; not translated, as what commands write there is not.
ENDED = "recovery period ended"


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
class WaitingRoomAdmin(HistoryAdmin):
    """The settings, with their history."""

    form = WaitingRoomForm
    list_display = ("slug", "mode_set", "waiting", "absent", "active", "threshold", "recovery", "saved")
    actions = ("end_recovery",)
    list_filter = ("mode",)
    search_fields = ("slug",)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new room follows the fleet, unless staff want a fixed threshold."""
        return {"threshold_per_instance": THRESHOLD_PER_INSTANCE, **super().get_changeform_initial_data(request)}

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Ask Redis once for all rooms of the page."""
        changes = super().get_changelist_instance(request)
        statuses = statuses_of([room.slug for room in changes.result_list])
        for room in changes.result_list:
            room.now = statuses.get(room.slug)
        return changes

    @admin.display(description=gettext_lazy("mode"), ordering="mode")
    def mode_set(self, room: WaitingRoom) -> str:
        """In a word: forms say what it means."""
        return room.get_mode_display().partition(":")[0]

    @admin.display(description=gettext_lazy("waiting"))
    def waiting(self, room: WaitingRoom) -> str:
        """How many stand in line; a dash while Redis is away."""
        return _counted(room, lambda now: now.waiting)

    @admin.display(description=gettext_lazy("of them absent"))
    def absent(self, room: WaitingRoom) -> str:
        """How many of those keep their number for the grace period, and hold nobody up."""
        return _counted(room, lambda now: now.waiting - now.present)

    @admin.display(description=gettext_lazy("active"))
    def active(self, room: WaitingRoom) -> str:
        """How many are inside."""
        return _counted(room, lambda now: now.active)

    @admin.display(description=gettext_lazy("Recovery period"))
    def recovery(self, room: WaitingRoom) -> str:
        """How long it goes on, where Redis lost the line."""
        now: RoomStatus | None = getattr(room, "now", None)
        return _("%(seconds)d s left") % {"seconds": now.recovering_s} if now and now.recovering_s else ""

    @admin.display(description=gettext_lazy("saved"), ordering="updated_at")
    def saved(self, room: WaitingRoom) -> datetime:
        """When its settings were, last."""
        return room.updated_at

    @admin.action(description=gettext_lazy("End the recovery period of the chosen rooms"), permissions=["change"])
    def end_recovery(self, request: HttpRequest, rooms: QuerySet[WaitingRoom]) -> None:
        """Staff know that everybody is back; on record as any change of the room is."""
        outcomes: dict[bool | None, list[str]] = {}
        for room in rooms:
            try:
                ended: bool | None = admission.end_recovery(room.slug)
            except LineUnavailable:
                ended = None
            outcomes.setdefault(ended, []).append(room.slug)
            if ended:
                with transaction.atomic():
                    locked = WaitingRoom.objects.select_for_update().get(pk=room.pk)
                    setattr(locked, "_change_reason", ENDED)  # noqa: B010 (simple_history reads it)
                    locked.save(update_fields=["updated_at"])
                    self.log_change(request, locked, ENDED)
        for ended, said, level in (
            (True, _("%(rooms)s: the line goes on with those who are back."), messages.SUCCESS),
            (False, _("%(rooms)s: in no recovery period; nothing was changed."), messages.WARNING),
            (None, _("%(rooms)s: Redis does not answer; try again in a moment."), messages.ERROR),
        ):
            if slugs := outcomes.get(ended):
                self.message_user(request, said % {"rooms": ", ".join(slugs)}, level)

    def get_fields(self, request: HttpRequest, obj: WaitingRoom | None = None) -> Any:
        """What is on the form alone comes after what it asks for; who may only look gets none of it."""
        names: Any = super().get_fields(request, obj)
        others = [name for name in names if name not in ("seen", "close_agreed")]
        if not self.has_change_permission(request, obj):
            return others
        others.insert(others.index("mode") + 1, "close_agreed")
        return [*others, "seen"]

    def get_readonly_fields(self, request: HttpRequest, obj: WaitingRoom | None = None) -> tuple[str, ...]:
        """Another name would be another line: those who wait would be lost."""
        return ("slug",) if obj else ()

    def histories(self, request: HttpRequest, obj: WaitingRoom) -> Sequence[Kept]:
        """Without the site's own word over the room, which is nobody's change."""
        return [Kept(WaitingRoom.history.filter(id=obj.pk), leaving_out=COUNTED.union(SITES_WORD))]


def statuses_of(slugs: list[str]) -> dict[str, RoomStatus]:
    """How each room stands; of none while Redis is away."""
    try:
        return {status.slug: status for status in admission.status(slugs)}
    except LineUnavailable:
        return {}


def _counted(room: WaitingRoom, count: Callable[[RoomStatus], int]) -> str:
    now: RoomStatus | None = getattr(room, "now", None)
    return f"{count(now):,}" if now else "—"
