"""Acts on a room as they are carried out: the whole of it, or nothing, and then staff hear why."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import DatabaseError, transaction
from django.forms import BaseModelForm
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from redis.exceptions import RedisError

from events.models import StaffAct
from events.staff import audit
from scaling import operator_actions, pins, store
from scaling.models import FleetPin
from tiketi.console.acts.history import BY_HAND
from waitingroom import admission, configure
from waitingroom.errors import LineUnavailable, NotAsked, SettingsMissing
from waitingroom.models import WaitingRoom
from waitingroom.status import RoomStatus


class NotDone(Exception):
    """The act was not done, and nothing was changed; says why."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of it, in a sentence; `warning` where staff have to watch on."""

    said: str
    warning: bool = False


def status_of(slug: str) -> RoomStatus | None:
    """The room as Redis has it; None while it does not say."""
    try:
        (status,) = admission.counts([slug])
    except (LineUnavailable, ValueError):
        return None
    return status if status.mode else None


def save(form: "BaseModelForm[WaitingRoom]", why: str) -> Done | None:
    """Save a part of the room as its own form does; None where the form is refused, and says why.

    Raises NotDone while Redis is away: what is saved then would count at some later time.
    """
    slug = form.instance.slug
    with transaction.atomic():
        is_valid = form.is_valid()
        if status_of(slug) is None:
            raise NotDone(_("The line does not answer. Nothing was changed; try again in a moment."))
        if not is_valid:
            return Done(_("It is so already.")) if _already_so(form) else None
        if not form.has_changed():
            return Done(_("It is so already."))
        setattr(form.instance, "_change_reason", why)  # noqa: B010 (simple_history reads it)
        form.save()
    if not configure.put_in_force([WaitingRoom.objects.get(slug=slug)]):
        return Done(_("It is saved, and counts as soon as the line answers again."), warning=True)
    return Done(_("Saved; it counts already."))


def _already_so(form: "BaseModelForm[WaitingRoom]") -> bool:
    """Whether somebody, or the first click of two, saved the very same meanwhile."""
    errors = form.errors.as_data()
    if set(errors) != {NON_FIELD_ERRORS} or [error.code for error in errors[NON_FIELD_ERRORS]] != ["changed"]:
        return False
    stored = WaitingRoom.objects.get(pk=form.instance.pk)
    wanted = {name: form.cleaned_data[name] for name in form._meta.fields or () if name in form.cleaned_data}
    return all(getattr(stored, name) == value for name, value in wanted.items())


def admit(room: WaitingRoom, by: User, *, count: int, reason: str, request: str) -> Done:
    """Let people in from the head of the line, once for each `request`. Raises NotDone."""
    with transaction.atomic():
        # Of two clicks the second waits here, and finds the act of the first.
        WaitingRoom.objects.select_for_update(no_key=True).get(pk=room.pk)
        known = StaffAct.objects.filter(event=room.slug, act=BY_HAND, values__request=request).first()
        if known is not None:
            return _told_admitted(known.values["asked"], known.values["admitted"])
        try:
            admitted = admission.admit_once(room.slug, count, request)
        except (NotAsked, SettingsMissing) as error:
            raise NotDone(_("The line does not answer: nobody was admitted. Try again in a moment.")) from error
        except LineUnavailable as error:
            raise NotDone(
                _("It is not known whether anybody was admitted. Send it again: for this nobody is admitted twice.")
            ) from error
        if not admitted:
            raise NotDone(why_nobody(status_of(room.slug)))
        audit.write(by, BY_HAND, room, reason=reason, values={"asked": count, "admitted": admitted, "request": request})
    try:
        operator_actions.note_admission(room.slug, count, admitted, by=by.get_username(), why=reason)
    except (RedisError, OSError):
        return Done(_("Admitted, and in the acts of the staff; the decision was not written down."), warning=True)
    return _told_admitted(count, admitted)


def _told_admitted(asked: int, admitted: int) -> Done:
    said = ngettext("%(count)d person was admitted.", "%(count)d people were admitted.", admitted)
    return Done(said % {"count": admitted}, warning=admitted < asked)


def why_nobody(status: RoomStatus | None) -> str:
    """Why the head of the line was not let in."""
    if status is None:
        return _("The line does not answer: nobody was admitted. Try again in a moment.")
    if status.recovering_s:
        return _("Nobody was admitted: the line is coming back after a loss.")
    if status.stage != "open":
        return _("Nobody was admitted: the sale has not opened.")
    if status.mode in ("paused", "closed"):
        return _("Nobody was admitted: the line stands.")
    if not status.present:
        return _("Nobody was admitted: nobody is here who waits.")
    return _("Nobody was admitted: the room is full. Raise the threshold to let more in.")


def pin(pinned: FleetPin, by: User) -> Done:
    """Order servers: the fleet keeps within the pin from now on. Raises NotDone."""
    try:
        now = store.now()
    except (RedisError, OSError) as error:
        raise NotDone(_("The fleet does not answer. Nothing was ordered; try again in a moment.")) from error
    pinned.by = by.get_username()
    pinned.save()
    held = Done(_("The pin is in force."))
    return _followed(now, held, _("The pin is kept, and counts as soon as the fleet answers again."))


def _followed(now: float, held: Done, later: str) -> Done:
    """Have the fleet follow what is kept already: whatever fails from here on, the act was done."""
    try:
        operator_actions.hold(now)
    except operator_actions.NotSettable as error:
        return Done(str(error), warning=True)
    except (RedisError, LineUnavailable, OSError, DatabaseError):
        return Done(later, warning=True)
    return held


def another_pin() -> str:
    """Why a pin was not lifted that is not in force any more, or never was."""
    return _("Another pin is in force by now. Nothing was changed; look at it first.")


def lift(shown: FleetPin, by: User) -> Done:
    """End the pin that was shown, if it is still in force. Raises NotDone."""
    try:
        now = store.now()
    except (RedisError, OSError) as error:
        raise NotDone(_("The fleet does not answer. Nothing was changed; try again in a moment.")) from error
    row = pins.row_in_force(now)
    if row is None:
        raise NotDone(_("There is no pin in force."))
    if row != shown:
        raise NotDone(another_pin())
    pins.lift(row, by.get_username())
    held = Done(_("The pin is lifted."))
    return _followed(now, held, _("The pin is lifted, and the fleet follows as soon as it answers again."))
