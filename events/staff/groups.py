"""The staff's groups and what they may do."""

from typing import Any

from django.apps import apps as global_apps
from django.apps.registry import Apps
from django.contrib.auth.models import Group, Permission
from django.db import DEFAULT_DB_ALIAS

BOX_OFFICE = "Box office"
SALES_MANAGERS = "Sales managers"

LOOKS = [
    "view_event",
    "view_order",
    "view_orderline",
    "view_orderchange",
    "view_payment",
    "view_paymentchange",
    "view_ticket",
    "view_ticketchange",
    "view_hold",
    "view_letter",
    "rewrite_letter",
    "view_refund",
    "view_refundrequest",
    "refund_order",
    "check_in_ticket",
    "export_orders",
]
PERMISSIONS = {
    BOX_OFFICE: LOOKS,
    SALES_MANAGERS: [
        *LOOKS,
        "call_off_event",
        "export_money",
        "export_buyers",
        "direct_event",
        "undo_check_in",
        "refund_after_door",
        "view_eventdoor",
        "change_eventdoor",
        "view_staffact",
        *(
            f"{verb}_{model}"
            for model in ("event", "eventstaff", "venue", "plan", "section", "pricetier", "sectionprice", "waitingroom")
            for verb in ("view", "add", "change", "delete")
        ),
    ],
}


def make(*, using: str = DEFAULT_DB_ALIAS, apps: Apps = global_apps, **_: Any) -> None:
    """Make the groups that are missing. Those that exist stay as staff have set them."""
    try:
        apps.get_model("auth", "Group")
    except LookupError:  # only some apps are migrated so far
        return
    for name, codenames in PERMISSIONS.items():
        group, made = Group.objects.using(using).get_or_create(name=name)
        if made:
            ours = Permission.objects.using(using).filter(content_type__app_label__in=["events", "waitingroom"])
            group.permissions.set(ours.filter(codename__in=codenames))
