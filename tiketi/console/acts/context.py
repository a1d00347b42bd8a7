"""What the fragment of the acts shows to whom: their forms, what the line does, and who changed what."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from scaling import pins
from scaling.models import FleetPin
from tiketi.console.acts import doing
from tiketi.console.acts.effect import Row, effects, rows
from tiketi.console.acts.forms import AdmitForm, AnnounceForm, PinForm, TuningForm
from tiketi.console.acts.history import MAX_SHOWN, Entry, history_of
from tiketi.console.acts.rights import Rights, rights_at, zone_of
from tiketi.console.acts.verbs import Verb, offered
from waitingroom.errors import LineUnavailable, SettingsMissing
from waitingroom.models import WaitingRoom
from waitingroom.status import RoomStatus


@dataclass(frozen=True)
class Acts:
    """Of those who may do nothing the history alone."""

    rights: Rights
    verbs: list[Verb]
    tuning: TuningForm
    words: AnnounceForm
    admitting: AdmitForm
    pinning: PinForm
    effect: list[Row]  # empty while the line does not answer
    status: RoomStatus | None
    pin: FleetPin | None
    history: list[Entry]
    zone: tzinfo
    most_admitted: int = 0


def acts_on(
    request: HttpRequest,
    room: WaitingRoom,
    refused: Mapping[str, Any] | None = None,
    tried: WaitingRoom | None = None,
) -> Acts:
    """The acts on the room; `refused` forms by name, as they were sent; `tried` settings in place of the room's."""
    sent = refused or {}
    rights, status = rights_at(request.user, room), doing.status_of(room.slug)
    return Acts(
        rights=rights,
        verbs=offered(room),
        tuning=sent.get("tuning") or TuningForm(instance=room),
        words=sent.get("words") or AnnounceForm(instance=room),
        admitting=sent.get("admitting") or AdmitForm(),
        pinning=sent.get("pinning") or PinForm(),
        effect=_effect(room, tried or room) if rights.tune and status else [],
        status=status,
        pin=pins.row_in_force(timezone.now().timestamp()) if rights.order else None,
        history=history_of(room, FleetPin.objects.all()[:MAX_SHOWN] if rights.pins else (), rights),
        zone=zone_of(room),
        most_admitted=settings.MAX_ADMITTED_BY_HAND,
    )


def _effect(room: WaitingRoom, wanted: WaitingRoom) -> list[Row]:
    try:
        return rows(*effects(room, wanted))
    except (LineUnavailable, SettingsMissing):
        return []
