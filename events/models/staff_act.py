"""What somebody of the staff did: written once, by the site itself, and never changed."""

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AppendOnly(Exception):
    """An act is neither changed nor deleted."""


class ActQuerySet(models.QuerySet["StaffAct"]):
    """Acts, to be read."""

    def update(self, **_: Any) -> int:
        """Refuse. Raises AppendOnly."""
        raise AppendOnly

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse. Raises AppendOnly."""
        raise AppendOnly


class StaffAct(models.Model):
    """Who did what to what, with both values and the reason.

    Names, not keys: an account or an event that is gone takes no act along. The database refuses changes as well
    (`models/guards.py`).
    """

    at = models.DateTimeField(_("at"), default=timezone.now, db_index=True)
    who = models.CharField(_("who"), max_length=150, db_index=True)
    who_id = models.BigIntegerField(null=True, editable=False)
    address = models.CharField(_("address"), max_length=45, blank=True)
    act = models.CharField(_("what"), max_length=60)
    kind = models.CharField(_("of"), max_length=60)
    about = models.CharField(_("about"), max_length=200)
    about_id = models.CharField(max_length=40, editable=False)
    event = models.CharField(_("event"), max_length=50, blank=True, db_index=True)  # its slug
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    # {field: [before, after]}, or what the admin's log says.
    values = models.JSONField(_("before and after"), default=dict, encoder=DjangoJSONEncoder)

    objects = ActQuerySet.as_manager()

    class Meta:
        verbose_name = _("act of the staff")
        verbose_name_plural = _("acts of the staff")
        ordering = ("-at", "-pk")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.who}: {self.act} {self.about}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write it, once. Raises AppendOnly for one that was written."""
        if not self._state.adding:
            raise AppendOnly
        super().save(*args, **kwargs)

    def delete(self, *_: Any, **__: Any) -> tuple[int, dict[str, int]]:
        """Refuse. Raises AppendOnly."""
        raise AppendOnly
