"""The words that make a line stand or go on, as staff read them."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from waitingroom.models import Mode, WaitingRoom
from waitingroom.modes import MODES


@dataclass(frozen=True, slots=True)
class Verb:
    """One of them: what it is called in addresses, on its button, and what it does."""

    name: str
    label: "str | Promise"
    does: "str | Promise"

    @property
    def address(self) -> str:
        """As URLs are named."""
        return f"console-acts:{self.name}"


VERBS = {
    verb.name: verb
    for verb in (
        Verb(
            "pause", _("Pause the line"), _("The line stands: nobody is let in, and newcomers draw numbers behind it.")
        ),
        Verb("drain", _("Let nobody new join"), _("Nobody new may join; those who wait are still let in.")),
        Verb(
            "close",
            _("Close the line"),
            _("Nobody new may join and nobody is let in; those who wait read that it is closed."),
        ),
        Verb("open", _("Go on"), _("The line goes on in its old order, in the mode that it had before.")),
    )
}


def offered(room: WaitingRoom) -> list[Verb]:
    """What may be said to the room as it is."""
    stands = room.mode in MODES.values()
    return [verb for verb in VERBS.values() if (stands if verb.name == "open" else room.mode != Mode(MODES[verb.name]))]
