"""From the map to the money: seats to pick, what is held, and the pages of those who take payments."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.core.cache import cache, caches
from django.utils import timezone

from events.models import Asked, Document, Event, HoldPeriod, Section
from events.payments.attempts import start_payment
from events.payments.sandbox.callbacks import Outcome, act
from events.sale.holds import release
from events.sale.orders import place_order
from tests.emulators.toss import CLIENT_KEY, SECRET_KEY
from tests.events.conftest import buy, hold, occupied, order, seats_of
from tests.events.shown.reader import Answered, Reader, Stage

TEMPLATES = (
    "events/best_seats.html", "events/checkout.html", "events/leave.html", "events/seat_map.html",
    "events/section.html", "events/toss.html", "sandbox/pay.html",
)  # fmt: skip
BOTH = {"sandbox": "events.payments.sandbox.provider.Sandbox", "toss": "events.payments.toss.Toss"}
SDK = "https://js.tosspayments.com/v2/standard"
# What opens nothing, and does not say that it failed.
WINDOW = b"window.TossPayments = () => ({ payment: () => ({ requestPayment: () => new Promise(() => {}) }) });"
# Somebody comes back to the tab, and the page asks whether all is as it was.
COMES_BACK = "document.dispatchEvent(new Event('visibilitychange'))"
# As the page does itself when it hears that the longest stay ends the place.
NO_LONGER = "document.querySelector('[data-place]').toggleAttribute('data-last', true)"
PICKS = """for (const seat of [...document.querySelectorAll("[data-seat].free")].slice(0, 2))
  seat.dispatchEvent(new MouseEvent("click", { bubbles: true }))"""
JSON = {"accept": "application/json"}


def take(reader: Reader, stage: Stage) -> None:
    """The pages."""
    event = stage.show(stage.hall())
    buyer = stage.make_buyer()
    reader.sign_in(buyer)
    reader.look("inside", event.get_absolute_url())
    _seats(reader, stage, event, buyer)
    _held(reader, stage, event, buyer)
    _place(reader, stage)
    _paying(reader, stage, event)


def _section(event: Event, code: str) -> int:
    return Section.objects.get(plan=event.plan, code=code).pk


def _seats(reader: Reader, stage: Stage, event: Event, buyer: User) -> None:
    at = f"{event.get_absolute_url()}seats/"
    drawn, standing, far = (f"{at}{_section(event, code)}/" for code in "ASC")
    tier = event.tiers.get(name_en="VIP").pk
    reader.look("map", at)
    reader.look("map-narrowed", f"{at}?tier={tier}&wheelchair=1")
    reader.look("best", f"{at}best/?count=3")
    reader.look("best-wheelchair", f"{at}best/?count=4&wheelchair=1")
    reader.look("section", drawn)
    reader.look("section-picked", drawn, act=PICKS, until="#hold:enabled")
    reader.look("section-list", f"{drawn}?view=list")
    reader.look("section-standing", standing)
    reader.look("section-apart", f"{drawn}?apart=3")
    other = stage.make_buyer()
    hold(event, other, seats_of(event)[0])
    reader.send(
        "section-taken", f"{event.get_absolute_url()}hold/", {"seat": seats_of(event)[0], "from": _section(event, "A")}
    )
    placed, _ = order(event, stage.make_buyer(), seats_of(event, "S")[0])
    sold = [*seats_of(event, "C"), *seats_of(event, "B")]
    event.occupancies.bulk_create(occupied(event, [seat for seat in sold if seat % 2], order=placed))
    _forget()
    reader.look("best-apart", f"{at}best/?count=4&tier={tier}")
    event.occupancies.bulk_create(occupied(event, [seat for seat in sold if not seat % 2], order=placed))
    _forget()
    reader.look("map-part-sold", at)
    reader.look("section-sold", far)
    reader.look("best-none", f"{at}best/?count=4&tier={event.tiers.get(name_en='R').pk}&wheelchair=1")
    hold(event, buyer, *seats_of(event)[4:6])
    _forget()
    reader.look("map-held", at)
    reader.look("section-held", drawn)
    reader.look("section-list-held", f"{drawn}?view=list")
    release(event, buyer.pk)


def _forget() -> None:
    """What is free is kept for a second."""
    cache.clear()
    caches["moments"].clear()


def _held(reader: Reader, stage: Stage, event: Event, buyer: User) -> None:
    stage.settings.PAYMENT_PROVIDERS, stage.settings.TOSS_SDK_URL = BOTH, SDK
    stage.settings.TOSS_CLIENT_KEY, stage.settings.TOSS_SECRET_KEY = CLIENT_KEY, SECRET_KEY
    for code, required in (("terms", True), ("letters", False)):
        Document.objects.create(
            code=code, version="1", title_ko="이용약관" if required else "소식 받기",
            title_en="Terms of use" if required else "Letters about shows",
            text_ko="전문", text_en="Text", asked=Asked.CHECKOUT, required=required,
        )  # fmt: skip
    here = event.get_absolute_url()
    checkout = f"{here}checkout/"
    hold(event, buyer, *seats_of(event)[4:7])
    reader.look("checkout", checkout)
    reader.send("checkout-missing", checkout, {"agreed_won": "1"})
    reader.look("leave", f"{here}leave/ask/")
    reader.send("checkout-more-time", f"{here}hold/extend/")
    held = reader.client.get(checkout)
    release(event, buyer.pk)
    reader.answers(checkout, reader.client.get(checkout, headers=JSON))
    reader.keep("checkout-over", held, act=COMES_BACK, until="[data-hold-over]")
    reader.send("checkout-too-late", checkout)
    over = timezone.now() - timedelta(seconds=1)
    HoldPeriod.objects.filter(event=event, account=buyer).update(ends_at=over)
    reader.look("map-paused", f"{here}seats/")
    HoldPeriod.objects.all().delete()
    buy(event, buyer, *seats_of(event)[10:14])
    reader.look("section-no-more", f"{here}seats/{_section(event, 'A')}/")
    reader.look("best-no-more", f"{here}seats/best/?count=1")
    free = stage.show("section,level,row,first,last\nA,1,1,1,3\n")
    free.tiers.update(price_won=0)
    reader.look("free", free.get_absolute_url())
    hold(free, buyer, *seats_of(free)[:1])
    reader.look("checkout-free", f"{free.get_absolute_url()}checkout/")


def _place(reader: Reader, stage: Stage) -> None:
    """How the bar of the place inside warns, and says that it is over."""
    visitor, short = reader.client, stage.show("section,level,row,first,last\nA,1,1,1,3\n")
    reader.client = reader.stranger()
    short.room.claim_seconds, short.room.idle_seconds = 30, 50
    short.room.save()
    reader.visit(short.get_absolute_url())
    reader.look("place-ends", short.get_absolute_url(), until="[data-place-warning]")
    reader.look("place-ends-for-good", short.get_absolute_url(), act=NO_LONGER, until="[data-place-last]")
    queue = f"/api/events/{short.slug}/queue/"
    reader.answers(queue, reader.stranger().get(queue, headers=JSON))
    reader.look(
        "place-over",
        f"/accounts/login/?next={short.get_absolute_url()}seats/",
        act=COMES_BACK,
        until="[data-place-over]",
    )
    reader.client = visitor


def _paying(reader: Reader, stage: Stage, event: Event) -> None:
    buyer = stage.make_buyer()
    reader.sign_in(buyer)
    hold(event, buyer, *seats_of(event)[20:22])
    placed = place_order(event, buyer.pk)
    practice = start_payment(placed, "sandbox")
    reader.look("practice", practice.address)
    act(practice, Outcome.FAIL)
    reader.look("practice-over", practice.address)
    toss = start_payment(placed, "toss")
    reader.look("toss-failed", toss.address, until="[data-toss-failed]")
    reader.files[SDK] = Answered(200, "text/javascript", WINDOW)
    reader.look("toss", toss.address, until="[data-toss-opening]")
