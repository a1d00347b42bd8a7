"""Whether the fleet's own loop is at work, and orders."""

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _

from scaling import drift, store
from scaling.fleet import Lifecycle
from scaling.pin import FREE
from scaling.preflight.findings import Check, Finding, Sale, fault, ok, warning
from scaling.registration import signing

# The loop reads every ten seconds; three may be lost.
READ_IS_LATE_S = 45.0


def orders(sale: Sale) -> Iterator[Finding]:
    """Somebody orders servers, within bounds that are meant."""
    c = sale.configuration
    if c.in_shadow:
        yield fault(_("shadow mode: nothing is ordered"), _("Switch it off in the fleet's settings."))
    if sale.pin != FREE:
        least, most = sale.pin.bounds(c.minimum, c.maximum)
        text = _("a pin holds the fleet from %(least)d to %(most)d servers") % {"least": least, "most": most}
        yield warning(text, _("Lift it, unless it is meant: manage.py scaling pin off"))
    if c.out_of_reach:
        text = _("the target wait, %(target)d s, is shorter than a boot, %(boot)d s: no order keeps it")
        yield warning(text % {"target": c.target_wait_s, "boot": c.boot_s}, _("Prewarm, or aim higher."))
    if not c.in_shadow:
        told = {"policy": c.policy, "minimum": c.minimum, "maximum": c.maximum}
        yield ok(_("the %(policy)s orders, from %(minimum)d to %(maximum)d servers") % told)


def loop(sale: Sale) -> Iterator[Finding]:
    """The fleet was read and its metrics were published a moment ago."""
    health, now = store.health(), store.now()
    read_at = float(health.get("read_at", 0))
    if not read_at or now - read_at > READ_IS_LATE_S:
        age = _("%(seconds)d s ago") % {"seconds": now - read_at} if read_at else _("never")
        yield fault(_("the fleet was read %(age)s") % {"age": age}, _("See whether `beat` and `fleet` run."))
    elif "unreadable" in health:
        yield fault(health.get("last_fault", _("the fleet cannot be read")), _("See docs/operations.md."))
    else:
        yield ok(_("the fleet is read and followed"))


def serving(sale: Sale) -> Iterator[Finding]:
    """Those in service serve, and nothing ordered is missing."""
    view = store.last_view()
    if view is None:
        yield fault(_("nothing is known of the fleet yet"), _("See whether `beat` and `fleet` run."))
        return
    signed = signing(store.now())
    if not signed:
        yield fault(_("no web process signs the register"), _("See whether `web` runs."))
    silent = [one.name for one in view.those(Lifecycle.IN_SERVICE) if one.name not in signed]
    if sale.configuration.fleet == "aws" and silent:
        text = _("in service, but serving nobody: %(names)s") % {"names": ", ".join(silent[:5])}
        yield fault(text, _("Let Auto Scaling replace them, or see their log."))
    if view.overdue or view.missing:
        told = {"overdue": len(view.overdue), "missing": view.missing}
        text = _("%(overdue)d boots are overdue, %(missing)d servers were ordered and not launched") % told
        yield fault(text, _("See the last fault in the fleet's console."))
    yield ok(_("%(count)d servers in service") % {"count": view.in_service})


def account(sale: Sale) -> Iterator[Finding]:
    """The account is as the site has it."""
    found = drift.told(drift.compare(sale.now))
    for one in found:
        yield fault(one, _("manage.py scaling provision --apply, or mend it in the account."))
    if not found:
        yield ok(_("the account is as this site has it"))


CHECKS: Mapping[str, Check] = {"orders": orders, "loop": loop, "serving": serving, "drift": account}
