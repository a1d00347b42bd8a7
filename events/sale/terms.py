"""What cancelling costs: percent of the price, by whole days before the event, where the event takes place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MAX_STEPS = 20
MAX_DAYS = 365
MAX_FREE_HOURS = 168


@dataclass(frozen=True)
class Terms:
    """A table of cancellation fees, and how long after ordering they do not apply.

    `steps` are (days, percent), days descending: so many whole days before the event, or more, the fee is so many
    percent of a ticket's price. With fewer days than the last step has, nobody cancels. Within `free_hours` of ordering
    there is no fee, as long as the event is `free_until_days` days away or more.
    """

    steps: tuple[tuple[int, int], ...]
    free_hours: int = 0
    free_until_days: int = 0

    def percent(self, *, now: datetime, ordered_at: datetime, starts_at: datetime, zone: tzinfo) -> int | None:
        """What is kept of each price when cancelling at `now`; None: there is no cancelling any more."""
        if now >= starts_at:
            return None
        days = days_before(now, starts_at, zone)
        if days >= self.free_until_days and now < ordered_at + timedelta(hours=self.free_hours):
            return 0
        return next((percent for least, percent in self.steps if days >= least), None)

    def until(self, *, ordered_at: datetime, starts_at: datetime, zone: tzinfo) -> datetime | None:
        """When cancelling ends; None: nobody ever may."""
        ends = [_end_of_day(starts_at, least, zone) for least, _percent in self.steps[-1:]]
        if self.free_hours:
            free = ordered_at + timedelta(hours=self.free_hours)
            ends.append(min(free, _end_of_day(starts_at, self.free_until_days, zone)))
        return min(max(ends), starts_at) if ends else None

    def rows(self) -> Iterator[tuple[int, int | None, int]]:
        """(least days, most days or None, percent), as people read a table."""
        most: int | None = None
        for least, percent in self.steps:
            yield least, most, percent
            most = least - 1

    @property
    def costs(self) -> bool:
        """Whether there is a fee at any time."""
        return any(percent for _least, percent in self.steps)

    def as_json(self) -> dict[str, Any]:
        """As it is kept in a row."""
        return {
            "steps": [list(step) for step in self.steps],
            "free_hours": self.free_hours,
            "free_until_days": self.free_until_days,
        }


# What was sold before there were terms: the whole price back, whenever buyers could cancel at all.
NO_FEE = Terms(steps=((0, 0),))
# The Korean consumer-dispute standard for performances (docs/decisions/0039-cancellation-fees.md).
KOREAN = Terms(steps=((10, 0), (7, 10), (3, 20), (1, 30)), free_hours=24, free_until_days=3)


def korean_terms() -> dict[str, Any]:
    """What a new event begins with."""
    return KOREAN.as_json()


def read_terms(kept: Mapping[str, Any] | None) -> Terms:
    """The terms in a row's JSON; None means those of before there were any."""
    if kept is None:
        return NO_FEE
    steps = tuple((days, percent) for days, percent in kept["steps"])
    return Terms(steps, kept["free_hours"], kept["free_until_days"])


def check_terms(kept: Any) -> None:
    """Refuse JSON that is no table of fees: days descend, percents are 0 to 100. Raises ValidationError."""
    try:
        terms = read_terms(kept)
        numbers = [*(number for step in terms.steps for number in step), terms.free_hours, terms.free_until_days]
    except (KeyError, TypeError, ValueError) as error:
        raise ValidationError(_("This is no table of cancellation fees.")) from error
    if any(type(number) is not int for number in numbers):
        raise ValidationError(_("Days and percents are whole numbers."))
    if len(terms.steps) > MAX_STEPS:
        raise ValidationError(_("At most %(count)d lines, please.") % {"count": MAX_STEPS})
    if not all(0 <= days <= MAX_DAYS and 0 <= percent <= 100 for days, percent in terms.steps):
        raise ValidationError(_("Days are 0 to %(days)d, percents 0 to 100.") % {"days": MAX_DAYS})
    if any(later >= earlier for (earlier, _a), (later, _b) in zip(terms.steps, terms.steps[1:], strict=False)):
        raise ValidationError(_("The days must descend, each once: 10, 7, 3, 1."))
    if not (0 <= terms.free_hours <= MAX_FREE_HOURS and 0 <= terms.free_until_days <= MAX_DAYS):
        raise ValidationError(
            _("Without a fee for 0 to %(hours)d hours, until 0 to %(days)d days before.")
            % {"hours": MAX_FREE_HOURS, "days": MAX_DAYS}
        )


def days_before(now: datetime, starts_at: datetime, zone: tzinfo) -> int:
    """Midnights between `now` and the event, where it takes place; 0 on its day."""
    return (starts_at.astimezone(zone).date() - now.astimezone(zone).date()).days


def _end_of_day(starts_at: datetime, days: int, zone: tzinfo) -> datetime:
    """The midnight that ends the day so many days before the event."""
    day = starts_at.astimezone(zone).date() - timedelta(days=days - 1)
    return datetime.combine(day, time(), tzinfo=zone)
