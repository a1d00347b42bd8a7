"""A payment: one attempt to pay an order, and what became of the money."""

import uuid
from collections.abc import Mapping
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.models.order import Order
from events.models.retried import Retried
from events.models.transitions import Stateful


class PaymentState(models.TextChoices):
    """Where the money is."""

    STARTED = "started", _("with the provider")
    FAILED = "failed", _("failed")
    RECEIVED = "received", _("received")
    REFUND_DUE = "refund-due", _("refund due")
    REFUNDED = "refunded", _("refunded")


class Trouble(models.TextChoices):
    """Why a payment bought nothing, or its money goes back."""

    REFUSED = "refused", _("the provider refused it")
    WRONG_AMOUNT = "amount", _("the amount was wrong")
    SEATS_GONE = "gone", _("the seats had gone to somebody else")
    OVER_LIMIT = "limit", _("the account had as many seats as it may")
    NOT_WANTED = "not-wanted", _("the order was paid or given up before")
    CANCELLED = "cancelled", _("the order was cancelled")
    NOT_ON_SALE = "off-sale", _("the seats were not on sale any more")
    CALLED_OFF = "called-off", _("the show was called off")
    RAN_OUT = "ran-out", _("the attempt ended unpaid")
    NO_ANSWER = "no-answer", _("the provider did not answer")
    AT_PROVIDER = "provider", _("paid back at the provider")


BOUGHT_NOTHING = frozenset(
    {
        Trouble.WRONG_AMOUNT,
        Trouble.SEATS_GONE,
        Trouble.OVER_LIMIT,
        Trouble.NOT_WANTED,
        Trouble.NOT_ON_SALE,
        Trouble.CALLED_OFF,
    }
)
GOES_BACK = BOUGHT_NOTHING | {Trouble.CANCELLED, Trouble.AT_PROVIDER}


# Money has yet to go back. (Servers of the release before know the state alone.)
MONEY_DUE = models.Q(state=PaymentState.REFUND_DUE) | models.Q(owed_won__gt=models.F("refunded_won"))


class Payment(Stateful, Retried):
    """Money on its way for an order, under a reference that the provider repeats in its callbacks.

    What is tried again is the refund, or asking the provider how the payment stands.
    """

    transitions: ClassVar[Mapping[tuple[PaymentState, PaymentState], frozenset[str]]] = {
        # Of a wrong amount where the provider takes nothing before we agree.
        (PaymentState.STARTED, PaymentState.FAILED): frozenset(
            {Trouble.REFUSED, Trouble.RAN_OUT, Trouble.NO_ANSWER, Trouble.WRONG_AMOUNT}
        ),
        (PaymentState.STARTED, PaymentState.RECEIVED): frozenset({""}),
        (PaymentState.STARTED, PaymentState.REFUND_DUE): BOUGHT_NOTHING,
        (PaymentState.STARTED, PaymentState.REFUNDED): frozenset({Trouble.AT_PROVIDER}),
        # A provider may say no, and then yes after all.
        (PaymentState.FAILED, PaymentState.RECEIVED): frozenset({""}),
        (PaymentState.FAILED, PaymentState.REFUND_DUE): BOUGHT_NOTHING,
        (PaymentState.FAILED, PaymentState.REFUNDED): frozenset({Trouble.AT_PROVIDER}),
        (PaymentState.RECEIVED, PaymentState.REFUND_DUE): frozenset({Trouble.CANCELLED}),
        # By hand at the provider; or cancelled, and the fee is all that was left.
        (PaymentState.RECEIVED, PaymentState.REFUNDED): frozenset({Trouble.AT_PROVIDER, Trouble.CANCELLED}),
        (PaymentState.REFUND_DUE, PaymentState.REFUNDED): GOES_BACK,
        # A bank may give a refund back.
        (PaymentState.REFUNDED, PaymentState.REFUND_DUE): GOES_BACK,
    }

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments", verbose_name=_("order"))
    provider = models.CharField(_("provider"), max_length=20)
    reference = models.UUIDField(_("reference"), default=uuid.uuid4, unique=True, editable=False)
    # With the database's default as well: servers of the release before write rows while this one is rolled out.
    session_key = models.CharField(
        _("the provider's key of the attempt"), max_length=200, blank=True, default="", db_default=""
    )
    provider_key = models.CharField(
        _("the provider's key of the payment"), max_length=200, blank=True, db_index=True, default="", db_default=""
    )
    address = models.TextField(_("where the buyer pays"), blank=True, default="", db_default="")
    ends_at = models.DateTimeField(_("the attempt ends"), null=True, blank=True)
    amount_won = models.PositiveIntegerField(_("amount, won"))
    received_won = models.PositiveIntegerField(_("received, won"), default=0)
    refunded_won = models.PositiveIntegerField(_("paid back, won"), default=0, db_default=0)
    # What is to go back in all; a refund is due while the provider has paid back less.
    owed_won = models.PositiveIntegerField(_("to be paid back, won"), default=0, db_default=0)
    # A refund that the provider was asked for when so much had gone back, and whose answer is not known: the same is
    # asked for again under the same key.
    asked_won = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    asked_from_won = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    refund_key = models.CharField(max_length=40, blank=True, default="", db_default="", editable=False)
    state = models.CharField(_("state"), max_length=10, choices=PaymentState, default=PaymentState.STARTED)
    trouble = models.CharField(_("reason"), max_length=10, choices=Trouble, blank=True)
    refusal = models.CharField(_("the provider's words"), max_length=200, blank=True, default="", db_default="")
    returned_at = models.DateTimeField(_("the buyer came back"), null=True, blank=True)
    disputed_at = models.DateTimeField(_("disputed"), null=True, blank=True)
    ask_at = models.DateTimeField(_("the provider is asked"), null=True, blank=True, db_index=True)
    made_at = models.DateTimeField(_("made"), default=timezone.now)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ("-made_at", "-pk")
        indexes = (
            models.Index(fields=("state",), name="refunds_due", condition=models.Q(state="refund-due")),
            models.Index(fields=("id",), name="money_owed", condition=models.Q(owed_won__gt=models.F("refunded_won"))),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(owed_won__lte=models.F("received_won"))
                & models.Q(refunded_won__lte=models.F("received_won")),
                name="no_more_back_than_was_received",
            ),
            models.UniqueConstraint(
                fields=("order",), condition=models.Q(state="received"), name="one_received_payment_an_order"
            ),
        )

    def __str__(self) -> str:
        return str(self.reference)

    def note_refunded(self, won: int) -> None:
        """The provider has paid back so much in all; whoever paid back more than was owed had a reason."""
        self.refunded_won = min(max(self.refunded_won, won), self.received_won)
        self.owed_won = max(self.owed_won, self.refunded_won)
        if self.refunded_won >= self.asked_from_won + self.asked_won:
            self.asked_won, self.refund_key = 0, ""

    @property
    def left_won(self) -> int:
        """What has yet to go back."""
        owed_won = self.owed_won or (self.received_won if self.state == PaymentState.REFUND_DUE else 0)
        return max(0, owed_won - self.refunded_won)

    @property
    def refund_due(self) -> bool:
        """Whether money has yet to go back."""
        return self.owed_won > self.refunded_won or self.state == PaymentState.REFUND_DUE

    def move_to(self, state: PaymentState, trouble: Trouble | str = "", *, by: User | None = None) -> None:
        """Change the state as the table allows, and record who did it and why; a refund is tried as if it were new.

        In the caller's transaction. Raises ForbiddenTransition for what the table does not have.
        """
        besides: dict[str, object] = {"trouble": trouble, "changed_at": timezone.now()}
        if state == PaymentState.REFUND_DUE:
            besides |= {"tries": 0, "try_at": None}
        self._move(state, trouble, lambda: self.changes.create(state=state, trouble=trouble, by=by), **besides)


class PaymentChange(models.Model):
    """A state that a payment came into: when, why, by whom if it was somebody."""

    payment = models.ForeignKey(Payment, on_delete=models.CASCADE, related_name="changes", verbose_name=_("payment"))
    state = models.CharField(_("state"), max_length=10, choices=PaymentState)
    trouble = models.CharField(_("reason"), max_length=10, choices=Trouble, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("change of a payment")
        verbose_name_plural = _("changes of a payment")
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.payment_id}: {self.state}"
