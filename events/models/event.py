"""An event: the concert, with the waiting room in front of its sale."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from events.languages import compose, in_language
from events.models.choices import EventState, Kind, Motif, SaleState
from events.models.plan import Plan
from events.models.venue import Venue
from events.moments import check_years
from events.posters.drawing import Drawn, Poster, drawn, picture
from events.sale.terms import Terms, check_terms, korean_terms, read_terms
from waitingroom.draw_plan import announced, is_spent, plan_of
from waitingroom.draw_records import Draw
from waitingroom.models import OpeningOrder, WaitingRoom

# So long at least anybody may enter a draw.
MIN_ENTRIES = timedelta(minutes=1)
# A festival of two weeks.
MAX_RUNNING_MINUTES = 14 * 24 * 60
# A day: who waits longer than that does not wait, but lives there.
MAX_GATHERING_MINUTES = 24 * 60

STATES = {
    SaleState.DRAFT: EventState.DRAFT,
    SaleState.SOON: EventState.ANNOUNCED,
    SaleState.OPEN: EventState.ON_SALE,
    SaleState.STOPPED: EventState.STOPPED,
    SaleState.OVER: EventState.OVER,
    SaleState.CALLED_OFF: EventState.CANCELLED,
}


class Event(models.Model):
    """What people come for. Its slug is its waiting room's: one name for the page, the line and the keys in Redis."""

    room = models.OneToOneField(
        WaitingRoom,
        on_delete=models.PROTECT,
        to_field="slug",
        db_column="slug",
        related_name="event",
        verbose_name=_("waiting room"),
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.CONCERT)
    title_ko = models.CharField(_("title (Korean)"), max_length=120)
    title_en = models.CharField(_("title (English)"), max_length=120, blank=True)
    performers_ko = models.CharField(_("performers (Korean)"), max_length=160, blank=True)
    performers_en = models.CharField(_("performers (English)"), max_length=160, blank=True)
    description_ko = models.TextField(_("description (Korean)"), blank=True)
    description_en = models.TextField(_("description (English)"), blank=True)
    series = models.SlugField(
        _("series"),
        max_length=80,
        blank=True,
        default="",
        db_default="",
        help_text=_("Events of one series are dates of one show: who waits for one may change to another."),
    )
    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="events", verbose_name=_("venue"))
    opens_at = models.DateTimeField(_("sale opens"))
    closes_at = models.DateTimeField(_("sale closes"))
    gathering_minutes = models.PositiveSmallIntegerField(
        _("gathering, minutes"),
        default=60,
        db_default=60,
        validators=[MaxValueValidator(MAX_GATHERING_MINUTES)],
        help_text=_(
            "So long before the sale opens visitors may line up: until the opening nobody is inside. Before that the "
            "event's page is everybody's, and holds no place. 0: nobody lines up before the opening."
        ),
    )
    opening_order = models.CharField(
        _("order at the opening"),
        max_length=8,
        choices=OpeningOrder,
        default=OpeningOrder.ARRIVAL,
        db_default=OpeningOrder.ARRIVAL,
        help_text=_("In which order those who gathered stand in line. Whoever comes later stands behind them."),
    )
    starts_at = models.DateTimeField(_("event starts"))
    running_minutes = models.PositiveSmallIntegerField(
        _("running time, minutes"),
        default=120,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_RUNNING_MINUTES)],
    )
    minimum_age = models.PositiveSmallIntegerField(
        _("minimum age"), default=8, validators=[MaxValueValidator(19)], help_text=_("0 admits everybody.")
    )
    plan = models.ForeignKey(
        Plan,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="events",
        verbose_name=_("seating plan"),
        help_text=_("Seats go on sale once the plan's sections have prices."),
    )
    seats_per_account = models.PositiveSmallIntegerField(
        _("seats per account"), default=4, validators=[MinValueValidator(1), MaxValueValidator(50)]
    )
    hold_minutes = models.PositiveSmallIntegerField(
        _("hold, minutes"),
        default=7,
        validators=[MinValueValidator(1), MaxValueValidator(120)],
        help_text=_("How long picked seats are kept for payment."),
    )
    hold_pause_minutes = models.PositiveSmallIntegerField(
        _("pause between holds, minutes"),
        default=3,
        db_default=3,
        validators=[MaxValueValidator(1440)],
        help_text=_(
            "Giving seats back and picking others does not move the deadline. Who has not paid by then holds seats "
            "again after so long; 0: at once."
        ),
    )
    cancel_until = models.DateTimeField(
        _("cancellation until"),
        null=True,
        blank=True,
        help_text=_("Until then buyers may cancel and get their money back; empty: never."),
    )
    cancellation_terms = models.JSONField(
        _("cancellation fees"),
        null=True,
        blank=True,
        default=korean_terms,
        validators=[check_terms],
    )
    announced_at = models.DateTimeField(
        _("announced"),
        null=True,
        blank=True,
        default=timezone.now,
    )
    # False: the sale's hours are what the site proposed for a new draft, and staff have yet to look at them.
    sale_decided = models.BooleanField(_("sale decided"), default=True, db_default=True, editable=False)
    stopped_at = models.DateTimeField(_("sale stopped"), null=True, editable=False)
    postponed_at = models.DateTimeField(_("postponed"), null=True, editable=False)
    postponed_from = models.DateTimeField(_("was to start"), null=True, editable=False)
    refund_until = models.DateTimeField(_("refund because of the new date, until"), null=True, editable=False)
    notice_ko = models.CharField(
        _("why stopped or postponed (Korean)"), max_length=200, blank=True, default="", db_default="", editable=False
    )
    notice_en = models.CharField(
        _("why stopped or postponed (English)"), max_length=200, blank=True, default="", db_default="", editable=False
    )
    called_off_at = models.DateTimeField(_("called off"), null=True, editable=False)
    # By whom its orders are refunded; None: called off before that was done for staff, or not at all.
    called_off_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("called off by"),
    )
    called_off_why_ko = models.CharField(_("why called off (Korean)"), max_length=200, blank=True, editable=False)
    called_off_why_en = models.CharField(_("why called off (English)"), max_length=200, blank=True, editable=False)
    motif = models.CharField(_("poster picture"), max_length=8, choices=Motif, default=Motif.DAWN)
    hue = models.PositiveSmallIntegerField(
        _("poster hue"),
        default=340,
        validators=[MaxValueValidator(359)],
        help_text=_("0 to 359, around the colour wheel."),
    )
    version = models.PositiveIntegerField(default=0, editable=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ("opens_at", "pk")
        permissions = (
            ("call_off_event", _("Can call events off")),
            ("direct_event", _("Can publish, stop and postpone events")),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(opens_at__lt=models.F("closes_at")), name="sale_opens_before_it_closes"
            ),
        )

    def __str__(self) -> str:
        return self.title

    def save(self, **kwargs: Any) -> None:
        """Save, and count the change: who edits an older version is told."""
        self.version += 1
        if (fields := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*fields, "version"}
        super().save(**kwargs)

    def get_absolute_url(self) -> str:
        """The event's page, behind the gate."""
        return reverse("events:event", args=[self.slug])

    def clean(self) -> None:
        """Refuse a sale or a cancellation that ends after the event began, and other chairs than those on sale."""
        compose(self, ("title_ko", "title_en", "performers_ko", "performers_en"))
        check_years({name: getattr(self, name) for name in ("starts_at", "opens_at", "closes_at", "cancel_until")})
        if any(minutes is not None and minutes > MAX_RUNNING_MINUTES for minutes in self._spans()):
            return  # said at its field; nothing can be reckoned with it
        if None not in (self.opens_at, self.closes_at) and self.opens_at >= self.closes_at:
            raise ValidationError({"closes_at": _("The sale must close after it opens.")})
        if None not in (self.closes_at, self.starts_at, self.running_minutes) and self.closes_at > self.ends_at:
            raise ValidationError({"closes_at": _("The sale must close before the event ends.")})
        if None not in (self.cancel_until, self.starts_at) and self.cancel_until > self.starts_at:  # type: ignore[operator]  # both are there
            raise ValidationError({"cancel_until": _("Buyers cancel before the event starts, or not at all.")})
        if None not in (self.cancel_until, self.opens_at) and self.cancel_until < self.opens_at:  # type: ignore[operator]  # both are there
            raise ValidationError(
                {"cancel_until": _("Not before the sale opens, please: nobody could cancel. Empty: never.")}
            )
        self._keep_the_draw()
        if self.plan is not None and self.plan.venue_id != self.venue_id:
            raise ValidationError({"plan": _("This is a plan of another venue.")})
        self._fit_the_stay()
        self._keep_the_chairs()

    def _spans(self) -> tuple[int | None, ...]:
        return self.running_minutes, self.gathering_minutes, self.hold_minutes

    def _keep_the_draw(self) -> None:
        """Refuse a draw that nobody could enter, another order than was promised, and an opening before the chance."""
        draw = announced(self.room) if self.room_id else None
        if self.opening_order != OpeningOrder.DRAW and draw is not None:
            raise ValidationError({"opening_order": _("The draw of this event was announced: its order stays drawn.")})
        if self.opening_order != OpeningOrder.DRAW or None in (self.opens_at, self.gathering_minutes):
            return
        stored, now = Event.objects.filter(pk=self.pk).first(), timezone.now()
        if draw is not None:
            self._keep_the_opening(stored, draw)
            return
        if is_spent(self.room_id or ""):
            said = _("An event of this address name had its draw: there is no second.")
            raise ValidationError({"opening_order": said})
        gathers_by_arrival = stored is not None and stored.opening_order != OpeningOrder.DRAW
        if gathers_by_arrival and stored.gathers_at <= now < stored.opens_at:  # type: ignore[union-attr]  # it is there
            said = _("Visitors gather already, in the order of their arrival: it stays.")
            raise ValidationError({"opening_order": said})
        ends_at = plan_of(self.room_id or "").closes_at(self.opens_at)
        if ends_at <= now:  # the gate would hold for a draw that never comes
            raise ValidationError(
                {"opening_order": _("It is too late for a draw: its entries would have ended by now.")}
            )
        if ends_at - self.gathers_at < MIN_ENTRIES:
            minutes = -(-(self.opens_at - ends_at + MIN_ENTRIES) // timedelta(minutes=1))
            said = _("Entries of the draw end before the opening: at least %(minutes)d minutes, please.")
            raise ValidationError({"gathering_minutes": said % {"minutes": minutes}})

    def _keep_the_opening(self, stored: "Event | None", draw: Draw) -> None:
        """Refuse to open before an announced draw's chance comes, or anew once those who were drawn stood in line."""
        if stored is None or stored.opens_at == self.opens_at:
            return
        if self.room.lined_up:
            said = _("The draw's order was used at the opening, which stays. Pause the line instead.")
            raise ValidationError({"opens_at": said})
        if self.opens_at < (earliest := draw.rule.chance_at):
            at = date_format(timezone.localtime(earliest, self.zone), "DATETIME_FORMAT")
            said = _("The chance of the announced draw comes at %(at)s: the sale does not open before that.")
            raise ValidationError({"opens_at": said % {"at": at}})

    def _fit_the_stay(self) -> None:
        """Refuse a hold that outlasts the longest stay: nobody could pay to its end."""
        longest_s = self.room.longest_stay_seconds if self.room_id else 0
        if None not in (self.hold_minutes, longest_s) and 0 < longest_s < 60 * self.hold_minutes:
            said = _("Not longer than the waiting room's longest stay, please: that is %(seconds)d s.")
            raise ValidationError({"hold_minutes": said % {"seconds": longest_s}})

    def _keep_the_chairs(self) -> None:
        """Refuse another plan or venue while sections are on sale: two plans of a hall would sell its chairs twice."""
        stored = Event.objects.filter(pk=self.pk, section_prices__isnull=False).first()
        if stored is None:
            return
        if stored.occupancies.exists():
            why = _("Seats of this event are held or sold: its plan and venue stay.")
        else:
            why = _("Sections of this plan are on sale. Take them off sale first, on the page of prices.")
        changed = [name for name in ("plan_id", "venue_id") if getattr(self, name) != getattr(stored, name)]
        if changed:
            raise ValidationError({name.removesuffix("_id"): why for name in changed})

    @property
    def slug(self) -> str:
        """The name in addresses, the same as the waiting room's."""
        return self.room_id

    def dates(self) -> "models.QuerySet[Event]":
        """The other dates of this show. The first date's slug names a series as well, so copies need no more."""
        series = self.series or self.slug
        same = models.Q(series=series) | models.Q(room__slug=series)
        return Event.objects.filter(same).exclude(pk=self.pk).select_related("venue", "room").order_by("starts_at")

    @property
    def zone(self) -> ZoneInfo:
        """The venue's clock, by which people are told when."""
        return self.venue.zone

    @property
    def ends_at(self) -> datetime:
        """When the show is over."""
        return self.starts_at + timedelta(minutes=self.running_minutes)

    @property
    def gathers_at(self) -> datetime:
        """From when on visitors gather for the opening."""
        return self.opens_at - timedelta(minutes=self.gathering_minutes)

    @property
    def title(self) -> str:
        """The title in the page's language."""
        return in_language(self.title_ko, self.title_en)

    @property
    def performers(self) -> str:
        """Who performs, in the page's language."""
        return in_language(self.performers_ko, self.performers_en)

    @property
    def description(self) -> str:
        """The description in the page's language."""
        return in_language(self.description_ko, self.description_en)

    @property
    def terms(self) -> Terms:
        """What cancelling costs those who order now."""
        return read_terms(self.cancellation_terms)

    def cancelling_is_free(self) -> bool:
        """Whether cancelling is the organiser's doing, a show called off or moved: then nobody pays for it."""
        return self.called_off_at is not None or self.gives_back()

    def cancelling_ends(self, terms: Terms, ordered_at: datetime) -> datetime | None:
        """When who ordered at that instant can no longer cancel; None: never."""
        by_terms = terms.until(ordered_at=ordered_at, starts_at=self.starts_at, zone=self.zone)
        if self.cancel_until is None or by_terms is None:
            return None
        return min(self.cancel_until, self.starts_at, by_terms)

    @property
    def called_off_why(self) -> str:
        """Why the show was called off, in the page's language; empty if staff gave no reason."""
        return in_language(self.called_off_why_ko, self.called_off_why_en)

    @property
    def notice(self) -> str:
        """Why the sale was stopped or the show postponed, in the page's language; empty if staff gave no reason."""
        return in_language(self.notice_ko, self.notice_en)

    @property
    def poster(self) -> Drawn:
        """The poster in the page's language, with the day by the venue's clock."""
        day = f"{timezone.localtime(self.starts_at, self.zone):%Y. %m. %d}"
        return drawn(Poster(self.motif, self.hue, self.title, self.performers, day, self.venue.name))

    @property
    def poster_url(self) -> str:
        """The poster in the page's language, at an address of this very picture's own."""
        language = "en" if (get_language() or "").startswith("en") else "ko"
        return reverse("events:poster-drawn", args=[self.slug, language, self.poster.digest])

    @property
    def picture_url(self) -> str:
        """The poster's picture without words, at an address of its own."""
        return reverse("events:picture", args=[self.motif, self.hue, picture(self.motif, self.hue).digest])

    @property
    def lowest_price_won(self) -> int | None:
        """What the cheapest tier costs; None before prices are set."""
        return min((tier.price_won for tier in self.tiers.all()), default=None)

    def sale_state(self, now: datetime | None = None) -> SaleState:
        """Where the sale stands at `now`; a show that was called off stays so whatever the clock says."""
        now = now or timezone.now()
        if self.called_off_at is not None:
            return SaleState.CALLED_OFF
        if self.announced_at is None or now < self.announced_at:
            return SaleState.DRAFT
        if now >= self.closes_at:
            return SaleState.OVER
        if self.stopped_at is not None:
            return SaleState.STOPPED
        return SaleState.SOON if now < self.opens_at else SaleState.OPEN

    def state(self, now: datetime | None = None) -> EventState:
        """What the event is at `now`: a postponed one that sells is on sale, and `is_postponed` besides."""
        now = now or timezone.now()
        sale = self.sale_state(now)
        if sale in (SaleState.SOON, SaleState.OVER) and self.is_postponed(now):
            return EventState.POSTPONED
        return STATES[sale]

    def is_planned(self, now: datetime | None = None) -> bool:
        """Whether it is a draft that the public will see from an instant on."""
        return self.announced_at is not None and self.sale_state(now) is SaleState.DRAFT

    def is_postponed(self, now: datetime | None = None) -> bool:
        """Whether the show was given another date that has yet to come."""
        return self.postponed_at is not None and (now or timezone.now()) < self.starts_at

    def gives_back(self, now: datetime | None = None) -> bool:
        """Whether buyers get everything back because the date is another: until `refund_until`."""
        return self.refund_until is not None and (now or timezone.now()) < self.refund_until
