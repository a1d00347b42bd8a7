"""Pure: which instances serve, by what was read of the group and by the web processes' own register."""

from collections.abc import Set as AbstractSet
from dataclasses import replace

from scaling.fleet import FleetSnapshot, Instance, Lifecycle


def serving(view: FleetSnapshot, signing: AbstractSet[str], *, believed: bool, unsigned_s: float) -> FleetSnapshot:
    """The fleet that admission counts on.

    Who serves is who says so: an instance in service counts while it signs, or is younger than `unsigned_s`. Where the
    reading is not `believed` any more, or has nobody in service, those who sign are the fleet, but for those that were
    about to go. Where nobody signs under a name of the group, the register has failed, or is another's: then the
    reading stands alone, unless it names nobody at all.
    """
    known = {one.name: one for one in view.instances}
    if signing.isdisjoint(known) and (known or not signing):
        return view
    if believed and view.in_service:
        counts = [
            one
            for one in view.instances
            if one.lifecycle is not Lifecycle.IN_SERVICE
            or one.name in signing
            or (one.ready_at is not None and view.at - one.ready_at < unsigned_s)
        ]
        return replace(view, instances=tuple(counts))
    going = {one.name for one in view.those(Lifecycle.TERMINATING)}
    there = [
        replace(known[name], lifecycle=Lifecycle.IN_SERVICE, ready_at=None)
        if name in known
        else Instance(name, Lifecycle.IN_SERVICE, view.at)
        for name in sorted(signing - going)
    ]
    rest = [
        one for one in view.instances if believed and one.lifecycle is Lifecycle.PENDING and one.name not in signing
    ]
    return replace(view, instances=(*there, *rest))
