"""What a shell, a form or two processes at once may try on an event whose seats are held or sold; how each ended.

`tell` runs against the database that DATABASE_URL names, in a process of its own, and answers in JSON.
"""

import json
import sys
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.db.models import F, ProtectedError, RestrictedError
from django.utils import timezone

from events.admin.pricing_form import PricingForm
from events.models import Event, Occupancy, Plan, PriceTier, Seat, Section, SectionPrice, StaffAct, Venue
from events.plans.building import PlanInUse, build
from events.plans.comparing import compare
from events.plans.correction import correct, lock_plan
from events.plans.drafts import read_plan
from events.sale.holds import hold_seats
from events.sale.picks import Pick
from events.sale.refusals import Refused
from tests.events.conftest import PLAN, buy, hold, occupied, seats_of
from waitingroom.models import WaitingRoom


def an_event() -> Event:
    """An event on sale, with another plan of the same hall beside its own."""
    venue = Venue.objects.create(name_ko=uuid.uuid4().hex)
    plan, other = (Plan.objects.create(venue=venue, name=called) for called in ("default", "v2"))
    for one in (plan, other):
        build(one, read_plan(PLAN))
    event = an_event_at(venue, plan)
    tier = PriceTier.objects.create(event=event, name_ko="R", price_won=1000)
    for section in plan.sections.all():
        SectionPrice.objects.create(event=event, section=section, tier=tier)
    return event


def an_event_at(venue: Venue, plan: Plan) -> Event:
    """An event whose sections have no prices yet."""
    name = uuid.uuid4().hex
    now = timezone.now()
    return Event.objects.create(
        room=WaitingRoom.objects.create(slug=name),
        title_ko=name,
        venue=venue,
        plan=plan,
        opens_at=now - timedelta(hours=1),
        closes_at=now + timedelta(days=1),
        starts_at=now + timedelta(days=2),
    )


def account() -> User:
    """Somebody."""
    return User.objects.create(username=uuid.uuid4().hex)


def v2(event: Event) -> Plan:
    """The other plan of the event's hall."""
    return event.venue.plans.get(name="v2")


def misdeeds(event: Event, elsewhere: Event) -> dict[str, Callable[[], object]]:
    """Each of these would sell a chair twice, or take one away from who has it."""
    this = Event.objects.filter(pk=event.pk)
    first, second, *_ = seats_of(event)
    section = Section.objects.get(seats=first)
    price = SectionPrice.objects.filter(event=event, section=section)
    foreign = v2(event).sections.get(code="A")
    tier = event.tiers.get()
    one = Occupancy.objects.filter(event=event, seat=first)
    (row,) = occupied(elsewhere, seats_of(elsewhere)[:1], order=one.get().order)
    row.event = event
    return {
        "another plan": lambda: this.update(plan=v2(event)),
        "no plan": lambda: this.update(plan=None),
        "another venue": lambda: this.update(venue=elsewhere.venue),
        "another plan and venue": lambda: this.update(plan=elsewhere.plan, venue=elsewhere.venue),
        "a new event on a plan of another hall": lambda: an_event_at(elsewhere.venue, section.plan),
        "the plan moved to another venue": lambda: Plan.objects.filter(pk=section.plan_id).update(
            venue=elsewhere.venue, name="moved"
        ),
        "a section of another plan on sale": lambda: SectionPrice.objects.create(
            event=event, section=foreign, tier=tier
        ),
        "a section of another plan in bulk": lambda: SectionPrice.objects.bulk_create(
            [SectionPrice(event=event, section=foreign, tier=tier)]
        ),
        "a tier of another event": lambda: price.update(tier=elsewhere.tiers.get()),
        "the price moved to another section": lambda: price.update(section=foreign),
        "the price moved to another event": lambda: price.update(event=elsewhere),
        "the section moved to another plan": lambda: Section.objects.filter(pk=section.pk).update(
            plan=v2(event), code="X", name_ko="X"
        ),
        "the seat moved to another section": lambda: Seat.objects.filter(pk=first).update(
            section=foreign, ordinal=999, number=999
        ),
        "the tier moved to another event": lambda: PriceTier.objects.filter(pk=tier.pk).update(
            event=elsewhere, name_ko="X"
        ),
        "the sold seat exchanged": lambda: one.update(seat=second),
        "a seat of another plan sold": row.save,
        "the section off sale": price.delete,
        "the section off sale by SQL": lambda: raw("DELETE FROM events_sectionprice WHERE id = %s", price.get().pk),
        "the tier deleted": tier.delete,
        "the tier deleted by SQL": lambda: raw("DELETE FROM events_pricetier WHERE id = %s", tier.pk),
        "the section deleted": section.delete,
        "the plan deleted": section.plan.delete,
        "the venue deleted": event.venue.delete,
        "the seat deleted": Seat.objects.filter(pk=first).delete,
        "the event deleted": this.delete,
        "the plan built anew": lambda: build(section.plan, read_plan("B,1,1,1,5\n")),
        "an act of the staff rewritten": lambda: acted("UPDATE events_staffact SET who = 'nobody'"),
        **({} if connection.vendor == "sqlite" else {"an act deleted": lambda: acted("DELETE FROM events_staffact")}),
    }


def acted(statement: str) -> None:
    """Past the ORM, after somebody of the staff did something."""
    StaffAct.objects.create(who="minsu", act="did", kind="event", about="x", about_id="1")
    raw(statement)


def raw(statement: str, *values: int) -> None:
    """Past the ORM."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def fate(misdeed: Callable[[], object]) -> str:
    """How it ended; nothing of it stays."""
    try:
        with transaction.atomic():
            misdeed()
            connection.check_constraints()
            transaction.set_rollback(True)
    except (DatabaseError, ProtectedError, RestrictedError, PlanInUse) as error:
        return type(error).__name__
    return "done"


def sold_under() -> dict[str, str]:
    """Every misdeed on an event with a sold seat."""
    event, elsewhere = an_event(), an_event()
    buy(event, account(), seats_of(event)[0])
    return {name: fate(misdeed) for name, misdeed in misdeeds(event, elsewhere).items()}


def only_held() -> dict[str, str]:
    """The misdeeds that a mere hold must stop."""
    event, elsewhere = an_event(), an_event()
    hold(event, account(), seats_of(event)[0])
    SectionPrice.objects.filter(event=event, occupancies__isnull=True).delete()
    section = Section.objects.get(prices__event=event)
    deeds: dict[str, Callable[[], object]] = {
        "another plan": lambda: Event.objects.filter(pk=event.pk).update(plan=v2(event)),
        "no plan": lambda: Event.objects.filter(pk=event.pk).update(plan=None),
        "another venue": lambda: Event.objects.filter(pk=event.pk).update(venue=elsewhere.venue),
        "the section off sale": SectionPrice.objects.filter(section=section).delete,
        "the tier deleted": event.tiers.get().delete,
        "the event deleted": Event.objects.filter(pk=event.pk).delete,
    }
    return {name: fate(deed) for name, deed in deeds.items()}


def nothing_on_sale() -> dict[str, str]:
    """What staff may do as long as no section is on sale."""
    event, elsewhere = an_event(), an_event()
    SectionPrice.objects.filter(event=event).delete()
    this = Event.objects.filter(pk=event.pk)
    return {
        "another plan": fate(lambda: this.update(plan=v2(event))),
        "no plan": fate(lambda: this.update(plan=None)),
        "another plan and venue": fate(lambda: this.update(plan=elsewhere.plan, venue=elsewhere.venue)),
        "the plan built anew": fate(lambda: build(Plan.objects.get(events=event), read_plan("B,1,1,1,5\n"))),
        "the event deleted": fate(this.delete),
    }


def races(rounds: int) -> dict[str, object]:
    """A section put on sale while the plan changes, a seat held while its section goes: how often both succeeded."""
    both = {"priced while the plan changes": 0, "held while the section goes": 0, "held while a form ends the sale": 0}
    ended: set[str] = set()
    corrected: set[str] = set()
    for _ in range(rounds):
        event = an_event()
        SectionPrice.objects.filter(event=event).delete()
        section, tier, other = Section.objects.filter(plan=event.plan).first(), event.tiers.get(), v2(event)
        ended |= at_once(
            partial(SectionPrice.objects.create, event=event, section=section, tier=tier),
            partial(Event.objects.filter(pk=event.pk).update, plan=other),
        )
        wrong = SectionPrice.objects.filter(event=event).exclude(section__plan=F("event__plan"))
        both["priced while the plan changes"] += wrong.count()

        event, buyer = an_event(), account()
        first, *_ = seats_of(event)
        going = SectionPrice.objects.filter(event=event, section__seats=first)
        ended |= at_once(partial(hold, event, buyer, first), going.delete)
        lost = Occupancy.objects.filter(event=event).exclude(section_price__in=SectionPrice.objects.all())
        both["held while the section goes"] += lost.count()

        event = an_event()
        cheap = PriceTier.objects.create(event=event, name_ko="S", price_won=7)
        standing = Section.objects.get(plan=event.plan, code="S").pk
        first, second, *_ = seats_of(event)
        picks = [Pick(seats=(seat,), areas=((standing, 2),)) for seat in (first, second)]
        ended |= at_once(
            *(partial(hold_seats, event=event, account_id=account().pk, visitor="", pick=pick) for pick in picks),
            *(partial(price_by_form, event.pk, tier) for tier in (cheap.pk, None)),
        )
        sections = set(SectionPrice.objects.filter(event=event).values_list("section", flat=True))
        taken = set(Occupancy.objects.filter(event=event).values_list("seat__section", flat=True))
        both["held while a form ends the sale"] += len(taken - sections)

        event, buyer = an_event(), account()
        first, *_ = seats_of(event)
        corrected |= at_once(partial(hold, event, buyer, first), partial(correct_by_table, event))
    return {"both": both, "ended": sorted(ended), "corrected": sorted(corrected)}


def one_after_another(rounds: int) -> dict[str, object]:
    """One account from several devices, and several accounts at one area: what the locks of both are for."""
    most, dealt, ended = 0, set[int](), set[str]()
    for _ in range(rounds):
        event, buyer = an_event(), account()
        first, *others = seats_of(event)
        hold(event, buyer, first)
        pairs = [others[0:2], others[2:4], others[4:6], others[6:8]]
        at_once(*(partial(hold, event, buyer, *pair) for pair in pairs))
        most = max(most, Occupancy.objects.filter(event=event).count() - event.seats_per_account)

        event = an_event()
        standing = Section.objects.get(plan=event.plan, code="S")
        pick = Pick(areas=((standing.pk, 2),))
        ended |= at_once(
            *(partial(hold_seats, event=event, account_id=account().pk, visitor="", pick=pick) for _ in range(3))
        )
        dealt.add(Occupancy.objects.filter(event=event).count())
    return {"over the limit": most, "dealt": sorted(dealt), "ended": sorted(ended)}


def correct_by_table(event: Event) -> None:
    """What the page that corrects a plan does: the first row goes."""
    with transaction.atomic():
        plan = lock_plan(Plan.objects.get(events=event).pk)
        found = compare(plan, read_plan("A,1,2,1,5\nS,0,,1,6\n"), {})
        if not found.refused:
            correct(plan, found)


def price_by_form(event_id: int, tier: int | None) -> None:
    """What the page of prices does: every section into the tier, or off the sale."""
    with transaction.atomic():
        event = Event.objects.select_for_update(no_key=True).get(pk=event_id)
        Plan.objects.select_for_update(no_key=True).get(events=event)
        form = PricingForm(
            event, {f"section-{pk}": tier for pk in event.section_prices.values_list("section", flat=True)}
        )
        if form.is_valid():
            form.save()


def at_once(*works: Callable[[], object]) -> set[str]:
    """Both at the same moment, each in a thread with a connection of its own; the errors that refused one."""
    start = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> str:
        try:
            start.wait()
            work()
        except (DatabaseError, ProtectedError, RestrictedError, Refused) as error:
            return type(error).__name__
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(works)) as threads:
        return set(threads.map(run, works))


def tell() -> None:
    """Try it all."""
    found = {
        "sold": sold_under(),
        "held": only_held(),
        "nothing on sale": nothing_on_sale(),
        "races": races(20),
        "one after another": one_after_another(10),
    }
    sys.stdout.write(json.dumps(found))
