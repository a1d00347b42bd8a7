"""The fourth step: the sale, what buyers will see, and the word that lets them."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from events.admin.guided.drafts import Admin, address_of, lock_draft, note, of_a_draft, page_of, undone
from events.admin.guided.sale_form import INSIDE, SaleForm
from events.models import Event
from events.sale import event_states
from events.sale.closing import lay_over_room
from events.sale.level_prices import stake_of
from events.sale.readiness import Part, lacks_of
from events.staff.may import may
from waitingroom.models import WaitingRoom


@of_a_draft
def sale(model_admin: Admin, request: HttpRequest, event: Event) -> HttpResponse:
    """Save the sale and show what buyers will see; what was shown so, and lacks nothing, may be published."""
    may_publish = may(request.user, "events.direct_event", event)
    may_tune = request.user.has_perm("waitingroom.change_waitingroom")
    form = SaleForm(instance=event, may_tune=may_tune)
    if request.method == "POST":
        with transaction.atomic():
            draft = lock_draft(event.pk)
            was = _settings(draft, draft.room)
            form = SaleForm(request.POST, instance=draft, may_tune=may_tune)
            if form.is_valid():
                is_new = not draft.sale_decided or was != _settings(draft, form.room_form.instance)
                if is_new or "publish" not in request.POST:
                    return _keep(model_admin, request, form)
                if not (may_publish and isinstance(request.user, User)):
                    raise PermissionDenied
                if not lacks_of(draft, timezone.now()):
                    return _publish(model_admin, request, draft, request.user)
                form.add_error(None, _("It is not published: something is missing."))
            undone()
    seats, won = stake_of(event)
    page: dict[str, object] = {"form": form, "may_publish": may_publish, "seats": seats, "won": won}
    return page_of(model_admin, request, Part.SALE, event, page)


def _keep(model_admin: Admin, request: HttpRequest, form: SaleForm) -> HttpResponse:
    event = form.keep()
    lay_over_room(event)
    note(model_admin, request, event, Part.SALE)
    if "publish" in request.POST:
        messages.warning(
            request, _("Your changes are saved, and nothing is published yet: please look at it once more.")
        )
    else:
        messages.success(request, _("The draft is saved. Below is what buyers will see."))
    return redirect(address_of(event, Part.SALE))


def _publish(model_admin: Admin, request: HttpRequest, event: Event, user: User) -> HttpResponse:
    state = event_states.publish(event.pk, by=user).state()
    model_admin.log_change(request, event, f"state: {state.value}")
    messages.success(request, _("The event is now: %(state)s.") % {"state": state.label})
    return redirect("admin:events_event_change", event.pk)


def _settings(event: Event, room: WaitingRoom) -> dict[str, Any]:
    """What the form changes, as it is."""
    return {name: getattr(event, name) for name in (*SaleForm.Meta.fields, "cancellation_terms")} | {
        name: getattr(room, name) for name in INSIDE
    }
