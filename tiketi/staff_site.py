"""The staff's console: its index begins with what is worked with, in sections by the work, not by the programs."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from tiketi.nonsense import refusing_nonsense

# What is in none of them comes after them, by its program.
SECTIONS = (
    (
        "sales",
        pgettext_lazy("a group of the index", "Sales"),  # an event's page of sales is called otherwise in Korean
        (
            "events.Event",
            "events.Order",
            "events.Ticket",
            "events.RefundRequest",
            "events.Payment",
            "events.Refund",
            "events.Letter",
        ),
    ),
    (
        "lines",
        _("Waiting rooms and servers"),
        ("waitingroom.WaitingRoom", "scaling.ScalingDecision", "scaling.FleetPin"),
    ),
    (
        "set-up",
        _("Set up before a sale"),
        (
            "events.Venue",
            "events.Plan",
            "events.EventDoor",
            "events.EventStaff",
            "events.Document",
            "scaling.Prewarm",
            "scaling.FleetSettings",
        ),
    ),
    ("record", _("On record"), ("events.StaffAct", "events.Consent", "tiketi.OutboxMail")),
    (
        "accounts",
        _("Accounts and sign-ins"),
        (
            "auth.User",
            "auth.Group",
            "account.EmailAddress",
            "mfa.Authenticator",
            "socialaccount.SocialAccount",
            "axes.AccessAttempt",
            "axes.AccessFailureLog",
            "axes.AccessLog",
        ),
    ),
)


class StaffSite(AdminSite):
    """Django's, with another order of its list, and an answer to nonsense."""

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 (Django's own signature)
        """Every page of staff's, ours and Django's."""
        return super().admin_view(refusing_nonsense(self, view), cacheable)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The sections, with what this member of staff may see; an app's own page has that app, as Django's."""
        if app_label is not None:
            return super().get_app_list(request, app_label)
        apps = super().get_app_list(request)
        found = {f"{app['app_label']}.{one['object_name']}": one for app in apps for one in app["models"]}
        home = reverse("admin:index", current_app=self.name)
        sections = []
        for key, name, models in SECTIONS:
            if shown := [found.pop(model) for model in models if model in found]:
                shown = [one | {"name": capfirst(gettext(one["name"]))} for one in shown]  # of models that nobody named
                sections.append({"name": name, "app_label": key, "app_url": f"{home}#{key}", "models": shown})
        rest = [
            (app, [one for one in app["models"] if f"{app['app_label']}.{one['object_name']}" in found]) for app in apps
        ]
        return [*sections, *(app | {"models": left} for app, left in rest if left)]
