"""The demonstration season as `season.toml` tells it."""

import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from events.models import Event, Plan, PriceTier, SectionPrice, Venue
from events.plans.building import build
from events.plans.drafts import headings, read_plan
from events.plans.ranges import names_in
from events.sale.closing import lay_over_room
from waitingroom.models import WaitingRoom

# Hours between which sales open, and the usual one, by the halls' clock.
DAY, EVENING = (10, 22), 20
SEASON = Path(__file__).parent / "season.toml"


def seed(now: datetime) -> tuple[int, int]:
    """Add the events that are missing, one a transaction; how many were added, and how many were there."""
    season = tomllib.loads(SEASON.read_text())
    halls = season["halls"]
    plans = {key: _plan(**hall) for key, hall in halls.items()}
    added = 0
    for show in season["shows"]:
        key = show.pop("hall")
        added += _event(plan=plans[key], blocks=halls[key]["plan"], now=now, **show)
    return added, len(season["shows"]) - added


@transaction.atomic
def _plan(*, name_ko: str, plan: list[dict[str, Any]], **named: str) -> Plan:
    """The hall's seating plan, built with its venue if it is missing."""
    venue = Venue.objects.get_or_create(name_ko=name_ko, defaults=named)[0]
    found, made = Plan.objects.get_or_create(venue=venue, name="기본 배치")
    if made:
        lines = [f"{block['sections']},{block['level']},{block['rows']},1,{block['seats']}" for block in plan]
        build(found, read_plan("\n".join([headings(), *lines])))
    return found


@transaction.atomic
def _event(
    *,
    slug: str,
    plan: Plan,
    blocks: list[dict[str, Any]],
    now: datetime,
    opens_in_hours: float,
    prices: list[dict[str, Any]],
    starts_in_days: int = 0,
    starts_hour: int | None = None,
    starts_in_hours: float = 0,
    **facts: Any,
) -> bool:
    """Add the event with its room and prices; false if it was there."""
    slug = slug.format(day=f"{now:%m%d}")
    if Event.objects.filter(room__slug=slug).exists():
        return False
    starts_at = (now + timedelta(days=starts_in_days, hours=starts_in_hours)).replace(minute=0, second=0, microsecond=0)
    starts_at = starts_at if starts_hour is None else starts_at.replace(hour=starts_hour)
    opens_at = now + timedelta(hours=opens_in_hours)
    opens_at = _in_daytime(opens_at.replace(minute=opens_at.minute // 10 * 10, second=0, microsecond=0), now)
    cancel_until = starts_at - timedelta(days=1)
    event = Event.objects.create(
        room=WaitingRoom.objects.update_or_create(slug=slug, defaults={"opens_at": opens_at})[0],
        venue=plan.venue,
        plan=plan,
        opens_at=opens_at,
        starts_at=starts_at,
        closes_at=starts_at - timedelta(hours=1),
        cancel_until=cancel_until if cancel_until >= opens_at else None,  # tonight's: never
        **facts,
    )
    tiers = [PriceTier.objects.create(event=event, **price) for price in prices]
    tier_of = {code: tiers[block["tier"]] for block in blocks for code in names_in(block["sections"]).spread()}
    SectionPrice.objects.bulk_create(
        SectionPrice(event=event, section=section, tier=tier_of[section.code]) for section in plan.sections.all()
    )
    lay_over_room(event)
    return True


def _in_daytime(at: datetime, now: datetime) -> datetime:
    """Sales open at round times of the day, whenever the season is seeded: what is open stays so."""
    if at <= now:
        if at.hour < DAY[0]:
            return at.replace(minute=0, hour=EVENING) - timedelta(days=1)
        return min(at, at.replace(minute=0, hour=DAY[1]))
    if at.hour < DAY[0]:
        return at.replace(minute=0, hour=DAY[0])
    return at if at.hour < DAY[1] else at.replace(minute=0, hour=DAY[0]) + timedelta(days=1)
