"""An order: what an account buys, at the prices of that moment."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.languages import in_language
from events.models.event import Event
from events.models.plan import Seat, seat_label
from events.models.price import PriceTier
from events.models.transitions import Rule, Stateful
from events.sale.refusals import CalledOff, TooLate
from events.sale.terms import Terms, read_terms

# Read over the telephone: no letter that looks like another.
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def new_number() -> str:
    """An order number that nobody guesses: 32^12 of them."""
    return "".join(secrets.choice(LETTERS) for _ in range(12))


class OrderState(models.TextChoices):
    """What became of an order."""

    PENDING = "pending", _("waiting for payment")
    PAID = "paid", _("paid")
    EXPIRED = "expired", _("expired before payment")
    ABANDONED = "abandoned", _("given up before payment")
    CANCELLED = "cancelled", _("cancelled")


class Why(models.TextChoices):
    """Why an order came into a state."""

    ORDERED = "ordered", _("ordered")
    PAID = "paid", _("paid")
    FREE = "free", _("free: nothing to pay")
    PAID_LATE = "paid-late", _("paid after the hold ran out, seats still free")
    RAN_OUT = "ran-out", _("the hold ran out")
    GIVEN_UP = "given-up", _("given up by the buyer")
    BY_BUYER = "by-buyer", _("cancelled by the buyer")
    BY_STAFF = "by-staff", _("cancelled and refunded by staff")
    AT_PROVIDER = "provider", _("paid back at the provider")
    IN_PART = "in-part", _("some of the tickets were cancelled")
    CALLED_OFF = "called-off", _("the show was called off")


def _takes_place(order: "Order") -> None:
    """Nobody buys a ticket for a show that was called off."""
    if Event.objects.filter(pk=order.event_id).exclude(called_off_at=None).exists():
        raise CalledOff


def _in_time(order: "Order") -> None:
    """The buyer's own word counts until the deadline, and until somebody went in."""
    if not order.may_be_cancelled():
        raise TooLate


class Order(Stateful):
    """A purchase of some seats of one event."""

    transitions: ClassVar[Mapping[tuple[OrderState, OrderState], frozenset[Why]]] = {
        (OrderState.PENDING, OrderState.PAID): frozenset({Why.PAID, Why.FREE}),
        (OrderState.PENDING, OrderState.EXPIRED): frozenset({Why.RAN_OUT}),
        (OrderState.PENDING, OrderState.ABANDONED): frozenset(
            {Why.GIVEN_UP, Why.BY_BUYER, Why.BY_STAFF, Why.CALLED_OFF}
        ),
        (OrderState.EXPIRED, OrderState.PAID): frozenset({Why.PAID_LATE}),
        (OrderState.PAID, OrderState.PAID): frozenset({Why.IN_PART}),
        (OrderState.PAID, OrderState.CANCELLED): frozenset(
            {Why.BY_BUYER, Why.BY_STAFF, Why.AT_PROVIDER, Why.CALLED_OFF}
        ),
    }
    rules: ClassVar[Mapping[Why, Rule]] = {
        Why.PAID: _takes_place,
        Why.FREE: _takes_place,
        Why.PAID_LATE: _takes_place,
        Why.BY_BUYER: _in_time,
    }

    number = models.CharField(_("order number"), max_length=12, unique=True, default=new_number, editable=False)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="orders", verbose_name=_("event"))
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="orders", verbose_name=_("account")
    )
    visitor = models.CharField(_("visitor"), max_length=64, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=OrderState, default=OrderState.PENDING)
    venue_ko = models.CharField(_("venue (Korean)"), max_length=80, blank=True)
    venue_en = models.CharField(_("venue (English)"), max_length=80, blank=True)
    total_won = models.PositiveIntegerField(_("total, won"))
    language = models.CharField(_("language"), max_length=8, default="ko")
    made_at = models.DateTimeField(_("made"), default=timezone.now, db_index=True)
    mailed_at = models.DateTimeField(_("confirmation sent"), null=True, blank=True)
    # As they were shown before ordering, whatever staff make of the event's since; None: ordered before there were any.
    cancellation_terms = models.JSONField(_("cancellation fees"), null=True, editable=False)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ("-made_at", "-pk")
        permissions = (
            ("refund_order", _("Can cancel and refund paid orders")),
            ("refund_after_door", _("Can refund once the door has opened, used tickets as well")),
            ("export_orders", _("Can export orders, tickets and the door")),
            ("export_money", _("Can export payments, settlement and sales")),
            ("export_buyers", _("Can export who the buyers are")),
        )

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        """The order's page, outside the gate: who has paid need not queue to look."""
        return reverse("events:order", args=[self.number])

    @property
    def terms(self) -> Terms:
        """What cancelling costs."""
        return read_terms(self.cancellation_terms)

    @property
    def kept_won(self) -> int:
        """What the tickets cost that were not given back."""
        return sum(line.price_won for line in self.lines.all() if line.refund_id is None)

    @property
    def venue(self) -> str:
        """The hall's name in the page's language, as it was when ordered."""
        return in_language(self.venue_ko, self.venue_en)

    def move_to(self, state: OrderState, *, why: Why, by: User | None = None, note: str = "") -> None:
        """Change the state as the table allows, and record who did it and why; `note` is staff's own words.

        In the caller's transaction, with the account locked. Raises TooLate or CalledOff by the rules above, and
        ForbiddenTransition for what the table does not have; then nothing was changed.
        """
        self._move(state, why, lambda: self.changes.create(state=state, why=why, by=by, note=note))

    def may_be_cancelled(self) -> bool:
        """Whether the buyer may still cancel: unpaid, or paid and unused, in time.

        A show that was called off sets no time, and one that was moved gives more.
        """
        if self.state == OrderState.PENDING:
            return True
        if self.state != OrderState.PAID or self.lines.filter(ticket__used_at__isnull=False).exists():
            return False
        ends_at = self.cancelling_ends()
        return self.event.cancelling_is_free() or (ends_at is not None and timezone.now() < ends_at)

    def cancelling_ends(self) -> datetime | None:
        """When the buyer can no longer cancel; None: never could."""
        return self.event.cancelling_ends(self.terms, self.made_at)

    def fee_percent(self, now: datetime | None = None) -> int | None:
        """What is kept of each price when cancelling now; None: by the terms there is no cancelling any more."""
        event, now = self.event, now or timezone.now()
        if event.cancelling_is_free():
            return 0
        return self.terms.percent(now=now, ordered_at=self.made_at, starts_at=event.starts_at, zone=event.zone)


class OrderLine(models.Model):
    """One seat of an order at its price; stays as the record when the seat goes to somebody else.

    What a ticket says of its seat is kept here: staff may rename sections and tiers, and what was sold stays as sold.
    """

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines", verbose_name=_("order"))
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="lines", verbose_name=_("seat"))
    section_ko = models.CharField(_("section (Korean)"), max_length=60, blank=True)
    section_en = models.CharField(_("section (English)"), max_length=60, blank=True)
    row = models.CharField(_("row"), max_length=8, blank=True)
    number = models.PositiveIntegerField(_("number"), default=0)
    standing = models.BooleanField(_("standing"), default=False)
    price_tier = models.ForeignKey(
        PriceTier, null=True, on_delete=models.PROTECT, related_name="lines", verbose_name=_("price tier")
    )
    tier_ko = models.CharField(_("tier (Korean)"), max_length=40)
    tier_en = models.CharField(_("tier (English)"), max_length=40, blank=True)
    price_won = models.PositiveIntegerField(_("price, won"))
    refund = models.ForeignKey(
        "events.Refund", null=True, on_delete=models.PROTECT, related_name="lines", verbose_name=_("given back by")
    )

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ("seat__section", "seat__ordinal")
        constraints = (models.UniqueConstraint(fields=("order", "seat"), name="one_line_of_a_seat_in_an_order"),)

    def __str__(self) -> str:
        return f"{self.order_id}: {self.seat_id}"

    @property
    def label(self) -> str:
        """How the ticket names the seat, in the page's language, as it was when ordered."""
        section = in_language(self.section_ko, self.section_en)
        return seat_label(section=section, row=self.row, number=self.number, standing=self.standing)

    @property
    def tier(self) -> str:
        """The tier's name in the page's language, as it was when ordered."""
        return in_language(self.tier_ko, self.tier_en)


class OrderChange(models.Model):
    """A state that an order came into: when, why, by whom."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="changes", verbose_name=_("order"))
    state = models.CharField(_("state"), max_length=10, choices=OrderState)
    why = models.CharField(_("reason"), max_length=10, choices=Why)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("by")
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("change of an order")
        verbose_name_plural = _("changes of an order")
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.order_id}: {self.state}"
