"""What the door's script says, in the page's language; `{seat}` and the like are filled in on the device."""

from django.utils.translation import gettext as _


def page_words() -> dict[str, str]:
    """By the name that the script has for each."""
    return {
        "welcome": _("Welcome in"),
        "back": _("Welcome back"),
        "out": _("Goodbye"),
        "refused": _("Not admitted"),
        "undone": _("Check-in undone"),
        "again": _("The ticket opens this door again."),
        "choose": _("Choose who comes in"),
        "admitOne": _("Let in"),
        "letOut": _("Let out"),
        "wait": _("Checking …"),
        "offline": _("Without a network: {words}"),
        "noList": _("No network, and no list on this device: let in by hand, and note the order number."),
        "noSearch": _("No network: without it only codes are read, no names or numbers."),
        "notOnList": _("Not on this device's list: scan the picture, or let in by hand and note the order number."),
        "signIn": _("You are signed out. Sign in again; what was decided without a network is kept on this device."),
        "notAllowed": _("This account may not let people in here."),
        "failed": _("The site could not answer. Scan again."),
        "unread": _("Not read: set the scanner's keyboard to English, with Caps Lock off, and scan again."),
        "forged": _("Refused: this ticket is not for this show, or forged."),
        "void": _("Refused: this ticket was cancelled."),
        "used": _("Refused: somebody is in with this ticket already."),
        "calledOff": _("Refused: this show was called off."),
        "closed": _("Refused: this door is not open now."),
        "still": _("Refused: this show needs the code that moves. Have the ticket's own page opened on the telephone."),
        "late": _("Refused: this code is out of date. Have the ticket's own page opened anew, not a picture of it."),
        "cannotCheck": _("This device cannot check moving codes without a network."),
        "noWayBack": _("Not needed: nobody who leaves this show comes back."),
        "notInside": _("Not needed: nobody is inside with this ticket."),
        "newer": _("Sold after the list was loaded"),
        "ready": _("Ready for the time without a network: {count} tickets, as of {at}."),
        "notReady": _("Not ready for the time without a network."),
        "waiting": _("{count} to hand in once the network is back."),
        "clash": _("Clashes with the record:"),
        "seen": _("Seen"),
        "noCamera": _("No camera: allow it in the browser's settings, and open this page by https."),
        "stop": _("Stop the camera"),
        "start": _("Scan with the camera"),
        "storage": _("This device cannot keep it: let in by hand, and note the order number."),
        "unnamed": _("no entrance named"),
    }
