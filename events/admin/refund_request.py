"""Refunds above the limit: who asked, what for, and the second person's word."""

from functools import partial

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from events.admin.by_event import ByEvent
from events.admin.order import OnlyToLookAt
from events.admin.refunding import refunding_staff, tell
from events.admin.sums import sum_of
from events.models import Fee, Order, OrderLine, Refund, RefundRequest
from events.sale import staff_refunds
from events.sale.refusals import Refused
from events.staff.may import may, within

VIEW = "events.view_refundrequest"
BACK = sum_of("back_won", _("given back"))
TO_BE_BACK = sum_of("back_won", _("to be given back"))


@admin.register(Refund)
class RefundAdmin(OnlyToLookAt, ByEvent, admin.ModelAdmin[Refund]):
    """What was given back: how much, by whom, why."""

    event_path = "order__event"
    list_display = (
        "order",
        "at",
        BACK,
        sum_of("fee_won", _("cancellation fee")),
        "fee",
        "why",
        "by",
        "confirmed_by",
        "note",
    )
    list_filter = ("why", "fee", "order__event")
    list_select_related = ("order__event", "by", "confirmed_by")
    search_fields = ("order__number", "order__account__email", "note")
    date_hierarchy = "at"
    fields = list_display
    readonly_fields = list_display


@admin.register(RefundRequest)
class RefundRequestAdmin(OnlyToLookAt, admin.ModelAdmin[RefundRequest]):
    """Those that wait, and what became of the others."""

    list_display = ("made_at", "by", TO_BE_BACK, "reason", "decision", "decided_by", "decided_at", "look")
    list_filter = ("decision",)
    list_select_related = ("by", "decided_by")
    list_display_links = None
    readonly_fields = (TO_BE_BACK,)
    fields = ("by", "reason", "fee", TO_BE_BACK, "made_at", "expires_at", "decision", "decided_by", "decided_at")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Who may look at any."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: RefundRequest | None = None) -> bool:
        """Who may look at any; which ones, the list's rows say."""
        return may(request.user, VIEW)

    def get_queryset(self, request: HttpRequest) -> QuerySet[RefundRequest]:
        """Those that ask for nothing of an event of others."""
        own = within(request.user, VIEW, OrderLine.objects.all(), "order__event")
        return super().get_queryset(request).exclude(lines__in=OrderLine.objects.exclude(pk__in=own))

    @admin.display(description=_("Look at it"))
    def look(self, asked: RefundRequest) -> SafeString:
        """To the page that asks."""
        address = reverse("admin:events_refundrequest_decide", args=[asked.pk])
        return format_html('<a href="{}">{}</a>', address, _("Look at it"))

    def get_urls(self) -> list[URLPattern]:
        """The page that asks has an address of its own."""
        guard = self.admin_site.admin_view
        page = path("<key:pk>/decide/", guard(partial(decide, self)), name="events_refundrequest_decide")
        return [page, *super().get_urls()]


def decide(model_admin: admin.ModelAdmin[RefundRequest], request: HttpRequest, pk: int) -> HttpResponse:
    """Show what was asked for; by POST confirm or refuse it."""
    user = refunding_staff(request)
    asked = get_object_or_404(RefundRequest.objects.select_related("by", "decided_by"), pk=pk)
    if not staff_refunds.may_give_back(user, asked.lines.all()):
        raise PermissionDenied
    listing = redirect("admin:events_refundrequest_changelist")
    if request.method == "POST" and request.POST.get("answer") in ("confirm", "refuse"):
        try:
            if request.POST["answer"] == "refuse":
                staff_refunds.refuse_request(pk, user)
            else:
                orders = admin.site._registry[Order]
                tell(orders, request, staff_refunds.confirm_request(pk, user), asked.reason)
        except Refused as why:
            model_admin.message_user(request, str(why), messages.ERROR)
        else:
            model_admin.log_change(request, asked, request.POST["answer"])
        return listing
    left = list(asked.lines.filter(refund=None).select_related("order__event", "order__account", "seat__section"))
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Confirm this refund?"),
        "opts": model_admin.opts,
        "asked": asked,
        "lines": left,
        "quote": staff_refunds.quote_all(left, Fee(asked.fee)),
        "own": asked.by_id == user.pk,
    }
    return TemplateResponse(request, "admin/events/refundrequest/decide.html", context)
