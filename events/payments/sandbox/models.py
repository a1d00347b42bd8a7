"""The sandbox's outbox: a real provider has one, too."""

from django.db import models

from events.models import Payment
from events.models.retried import Retried


class SandboxNotice(Retried):
    """A callback that the sandbox will send, at its own time."""

    payment = models.ForeignKey(Payment, on_delete=models.CASCADE, related_name="+")
    body = models.TextField()
    due_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "sandbox callback"
        verbose_name_plural = "sandbox callbacks"
        ordering = ("due_at", "pk")

    def __str__(self) -> str:
        return f"{self.payment_id}: {self.due_at:%H:%M:%S}"
