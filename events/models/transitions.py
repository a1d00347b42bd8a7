"""States that change by a table alone: with the row locked, checked as it is stored, and on record."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar

from django.db import models

# What else must be true of the row as it is stored, now that it is locked; raises what its caller catches.
Rule = Callable[[Any], None]


class ForbiddenTransition(Exception):
    """The table has no such change: a fault of the code that asked for it. Nothing was changed."""


class Stateful(models.Model):
    """A row with a `state`, which `_move` alone writes."""

    # (before, after): the reasons it may have.
    transitions: ClassVar[Mapping[tuple[Any, Any], Collection[Any]]]
    # reason: what must be true. Asked of the stored row, so that neither a payment nor the clock slips in between.
    rules: ClassVar[Mapping[Any, Rule]] = {}

    class Meta:
        abstract = True

    def _move(self, state: str, why: str, record: Callable[[], object], **besides: object) -> None:
        """Bring the row into `state`, with `besides` written at once, and `record` it; in the caller's transaction.

        Raises ForbiddenTransition, or what the reason's rule raises; then nothing was written.
        """
        rows: Any = type(self)._default_manager.select_for_update(no_key=True)  # each model has its own `state`
        stored = rows.get(pk=self.pk) if why in self.rules else rows.only("state").get(pk=self.pk)
        before = stored.state
        if why not in self.transitions.get((before, state), ()):
            raise ForbiddenTransition(f"{self._meta.label} {self.pk}: {before} -> {state} because of {why or '-'}")
        if (rule := self.rules.get(why)) is not None:
            rule(stored)
        written = {"state": state, **besides}
        for name, value in written.items():
            setattr(self, name, value)
        self.save(update_fields=list(written))
        record()
