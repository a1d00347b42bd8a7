"""Every kind of page that the staff's console has, with something on it; taken as the site answers them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.models import (
    Document,
    Event,
    EventStaff,
    Fee,
    Order,
    Payment,
    PriceTier,
    Refund,
    RefundRequest,
    Role,
    StaffAct,
    Ticket,
)
from events.models.door import door_of
from events.sale import staff_refunds
from events.sale.event_states import resume, stop
from events.sale.repricing import reprice
from scaling.models import FleetPin
from tests.events.conftest import buy, seats_of


@dataclass(frozen=True)
class Taken:
    """A page as the site answered it."""

    path: str
    html: str
    policy: str


def worked(event: Event, draw: Event, buyer: User, staff: User) -> dict[str, str]:
    """An evening's work, and the addresses of its pages by name."""
    bought = buy(event, buyer, *seats_of(event)[:3])
    staff_refunds.refund(list(bought.lines.all())[:1], by=staff, reason="두 번 예매", fee=Fee.WAIVED)
    large = buy(event, User.objects.create_user("large", "large@example.com"), *seats_of(event)[4:8])
    asked = staff_refunds.ask_second(list(large.lines.all()), by=staff, reason="공연 시간 변경", fee=Fee.WAIVED)
    stop(event.pk, by=staff, why_ko="점검", why_en="A check")
    resume(event.pk, by=staff)
    call_command("waitingroom", "set", event.slug, "threshold=50", "mode=always")
    vip = PriceTier.objects.create(event=event, name_ko="VIP석", name_en="VIP", price_won=165_000)
    event.refresh_from_db()
    reprice(event, {section.pk: vip.pk for section in event.plan.sections.all()} if event.plan else {})
    role = EventStaff.objects.create(event=event, account=staff, role=Role.ORGANISER)
    terms = Document.objects.create(
        code="terms",
        title_ko="이용약관",
        title_en="Terms",
        text_ko="전문",
        in_force_at=timezone.now() + timedelta(days=9),
    )
    FleetPin.objects.create(floor=4, until=timezone.now() + timedelta(hours=3), why="콘서트", by="chief")
    payment, refund, ticket = Payment.objects.filter(order=bought).get(), Refund.objects.get(), Ticket.objects.first()
    act = StaffAct.objects.filter(act="altered").first()
    assert ticket is not None
    assert act is not None
    assert event.plan is not None
    changed: Mapping[str, int] = {
        "event": event.pk,
        "venue": event.venue.pk,
        "plan": event.plan.pk,
        "order": bought.pk,
        "ticket": ticket.pk,
        "payment": payment.pk,
        "refund": refund.pk,
        "staffact": act.pk,
        "eventstaff": role.pk,
        "eventdoor": door_of(event).pk,
        "document": terms.pk,
        "refundrequest": asked.pk,
    }
    pages = {"index": reverse("admin:index"), "app": reverse("admin:app_list", args=["events"])}
    for name in (*changed, "letter", "consent"):
        pages[f"{name}-list"] = reverse(f"admin:events_{name}_changelist")
    for name, pk in changed.items():
        pages[name] = reverse(f"admin:events_{name}_change", args=[pk])
        pages[f"{name}-history"] = reverse(f"admin:events_{name}_history", args=[pk])
    for name in ("event", "venue", "plan", "eventstaff", "document"):
        pages[f"{name}-new"] = reverse(f"admin:events_{name}_add")
    for name in ("pricing", "price_list", "copy", "state", "postpone", "call_off", "sales", "draw"):
        pages[f"event-{name}"] = reverse(f"admin:events_event_{name}", args=[event.pk])
    pages |= {
        "draw": reverse("admin:events_event_draw", args=[draw.pk]),
        "order-refund": reverse("admin:events_order_refund", args=[bought.pk]),
        "refundrequest-decide": reverse("admin:events_refundrequest_decide", args=[asked.pk]),
        "plan-build": reverse("admin:events_plan_build", args=[event.plan.pk]),
        "plan-correct": reverse("admin:events_plan_correct", args=[event.plan.pk]),
        "room-list": reverse("admin:waitingroom_waitingroom_changelist"),
        "room": reverse("admin:waitingroom_waitingroom_change", args=[event.room.pk]),
        "room-history": reverse("admin:waitingroom_waitingroom_history", args=[event.room.pk]),
        "decisions": reverse("admin:scaling_scalingdecision_changelist"),
        "prewarm-plan": reverse("prewarm-plan", args=[event.slug]),
        "preflight": reverse("admin:scaling_preflight", args=[event.slug]),
        "delete": reverse("admin:events_eventstaff_delete", args=[role.pk]),
        "user": reverse("admin:auth_user_change", args=[staff.pk]),
        "user-new": reverse("admin:auth_user_add"),
        "group": reverse("admin:auth_group_change", args=[Group.objects.order_by("pk")[0].pk]),
        "password": reverse("admin:password_change"),
        "door": reverse("events:door"),
    }
    for app, name in (
        ("scaling", "prewarm"),
        ("scaling", "fleetsettings"),
        ("scaling", "fleetpin"),
        ("auth", "user"),
        ("auth", "group"),
        ("axes", "accessattempt"),
        ("axes", "accesslog"),
        ("mfa", "authenticator"),
        ("account", "emailaddress"),
        ("tiketi", "outboxmail"),
    ):
        pages[f"{name}-list"] = reverse(f"admin:{app}_{name}_changelist")
    for name in ("prewarm", "fleetsettings", "fleetpin"):
        pages[f"{name}-new"] = reverse(f"admin:scaling_{name}_add")
    assert Order.objects.count() == 2
    assert RefundRequest.objects.count() == 1
    return pages


def take(client: Client, path: str, language: str) -> Taken:
    """The page at the address, in the language."""
    answer = client.get(path, headers={"accept-language": language}, follow=True)
    assert answer.status_code == 200, (path, answer.status_code)
    return Taken(path, answer.content.decode(), answer.headers.get("Content-Security-Policy", ""))
