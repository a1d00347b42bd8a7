"""Events in the admin: the event, its prices, its waiting room, and how many wait right now."""

from collections.abc import Sequence
from functools import partial
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from events.admin import draw_page, event_pages, event_state, exporting, pricing_pages
from events.admin.by_event import AsThePage, ByEvent
from events.admin.copy_page import copying
from events.admin.door import door_settings
from events.admin.event_form import EVENT_FIELDS, LINE_FIELDS, EventForm
from events.admin.event_history import histories_of
from events.admin.guided.addresses import addresses
from events.admin.labelled import Labelled
from events.admin.terms_form import TERMS_FIELDS
from events.keys import is_key
from events.mail.outbox import put_all
from events.models import Event, EventState, LetterKind, Order, OrderState, Plan, PriceTier, Venue
from events.moments import day
from events.sale.closing import Closing, lay_over_room
from events.staff.may import may, within
from waitingroom import admission
from waitingroom.errors import LineUnavailable
from waitingroom.histories import Kept
from waitingroom.history_admin import HistoryAdmin

OPENING_FIELDS = ("gathering_minutes", "opening_order")
# What staff say to those who wait: each in both languages, side by side.
WORDS = (LINE_FIELDS[1:3], LINE_FIELDS[3:5])
HOLD_FIELDS = ("hold_minutes", "hold_pause_minutes")
MOST_ROOMS = 200  # in one question for live numbers; the list shows a hundred a page


class PriceTierInline(AsThePage, Labelled, admin.TabularInline[PriceTier, Event]):
    """Prices, on the event's form."""

    model = PriceTier
    event_of_page = ""
    extra = 0


@admin.register(Event)
class EventAdmin(ByEvent, HistoryAdmin):
    """The event's form carries its waiting room's settings."""

    form = EventForm
    event_path = "pk"
    inlines = (PriceTierInline,)
    list_display = ("title_ko", "state", "waiting", "absent", "active", "mode", "opens", "venue")
    list_filter = ("kind", "room__mode", "venue")
    list_select_related = ("venue", "room")
    search_fields = ("title_ko", "title_en", "room__slug", "performers_ko", "performers_en")
    date_hierarchy = "starts_at"
    change_form_template = "admin/events/event/change_form.html"

    class Media:
        js = ("events/admin/live.js",)

    def get_form(self, request: HttpRequest, obj: Event | None = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002 (Django's own signature)
        """The form adds the room's fields itself: they are no fields of the event."""
        made = super().get_form(request, obj, change=change, **kwargs | {"fields": EVENT_FIELDS})
        form = cast("type[EventForm]", made)
        form.may_tune = request.user.has_perm("waitingroom.change_waitingroom")
        return form

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Plans are named by their halls."""
        if db_field.name == "plan":
            kwargs["queryset"] = Plan.objects.select_related("venue")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Event | None = None) -> Any:
        """The event's facts, then the sale, then the line; who may only look sees the event's own."""
        if not self.has_change_permission(request, obj):
            return [(None, {"fields": EVENT_FIELDS})]
        named = ("seen",) if obj else ("slug",)
        facts = ("kind", ("title_ko", "title_en"), ("performers_ko", "performers_en"), "series", "venue", "starts_at")
        return [
            (None, {"fields": (*named, *facts, ("running_minutes", "minimum_age"))}),
            (_("Page"), {"fields": ("description_ko", "description_en", ("motif", "hue")), "classes": ("collapse",)}),
            (
                _("Sale"),
                {"fields": (("opens_at", "closes_at"), OPENING_FIELDS, "plan", "seats_per_account", HOLD_FIELDS)},
            ),
            (
                _("Cancelling"),
                {"fields": ("cancel_until", TERMS_FIELDS[0], TERMS_FIELDS[1:])},
            ),
            (_("Waiting room"), {"fields": (LINE_FIELDS[0], "close_agreed", *WORDS, *LINE_FIELDS[5:8])}),
            (_("Waiting room: doors and periods"), {"fields": LINE_FIELDS[8:], "classes": ("collapse",)}),
        ]

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Every "add" leads to the four steps; the whole form on one page is there for who asks for it (`?whole`)."""
        if request.method == "GET" and "whole" not in request.GET and self.has_add_permission(request):
            return redirect("admin:events_event_new")
        return super().add_view(request, *args, **kwargs)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Times are typed and shown by the clock of the venue: the one that is being chosen, or the event's."""
        chosen, pk = request.POST.get("venue", ""), kwargs.get("object_id", args[0] if args else None)
        ours = [pk] if is_key(str(pk)) else []  # what is no key is nobody's: Django says so
        venue = Venue.objects.filter(pk=chosen) if is_key(chosen) else Venue.objects.filter(events__in=ours)
        with timezone.override(next((found.zone for found in venue), None)):
            answer = super().changeform_view(request, *args, **kwargs)
            return answer.render() if isinstance(answer, SimpleTemplateResponse) else answer

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """With the links to what this member of staff may do at the event."""
        context["may_direct"] = may(request.user, "events.direct_event", kwargs.get("obj"))
        context["may_call_off"] = may(request.user, "events.call_off_event", kwargs.get("obj"))
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Event, form: EventForm, change: bool) -> None:  # noqa: FBT001 (Django's own signature)
        """Room, event, then the prices: all valid by now, and in the admin's one transaction.

        Who has tickets is told of another start by mail.
        """
        obj.room = form.save_room()
        obj.sale_decided = True  # its hours stand on this form
        if not change:
            obj.announced_at = None  # a draft, until staff publish it
        super().save_model(request, obj, form, change)
        lay_over_room(obj)
        if change and "starts_at" in form.changed_data and obj.called_off_at is None:
            holders = Order.objects.filter(event=obj, state=OrderState.PAID)
            put_all(LetterKind.CHANGED, holders, version=obj.version, was_at=form.initial["starts_at"])

    def delete_model(self, request: HttpRequest, obj: Event) -> None:
        """The line goes with its event."""
        room = obj.room
        super().delete_model(request, obj)
        room.delete()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> None:
        """One by one: each takes its line along."""
        for event in queryset:
            self.delete_model(request, event)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Ask Redis once for all rooms of the page."""
        changes = super().get_changelist_instance(request)
        numbers = live_numbers([event.slug for event in changes.result_list])
        for event in changes.result_list:
            event.live = numbers.get(event.slug)
        return changes

    def histories(self, request: HttpRequest, obj: Event) -> Sequence[Kept]:
        """What the form changes: the event, its room, its prices; and its door."""
        return histories_of(request, obj)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """By the clock of the venue."""
        event = self.get_object(request, object_id)
        with timezone.override(event.zone if event else None):
            answer = super().history_view(request, object_id, extra_context)
            return answer.render() if isinstance(answer, SimpleTemplateResponse) else answer

    def get_urls(self) -> list[URLPattern]:
        """The list's live numbers, prices by section and sales have addresses of their own."""
        guard = self.admin_site.admin_view
        return [
            *addresses(self, guard),
            path("live/", guard(self.live), name="events_event_live"),
            path("<key:pk>/pricing/", guard(partial(pricing_pages.pricing, self)), name="events_event_pricing"),
            path(
                "<key:pk>/price-list/", guard(partial(pricing_pages.price_list, self)), name="events_event_price_list"
            ),
            path("<key:pk>/copy/", guard(partial(copying, self)), name="events_event_copy"),
            path("<key:pk>/call-off/", guard(partial(event_pages.calling_off, self)), name="events_event_call_off"),
            path(
                "<key:pk>/export/<slug:kind>.<slug:form>/",
                guard(partial(exporting.export, model_admin=self)),
                name="events_event_export",
            ),
            path("<key:pk>/door/", guard(door_settings), name="events_event_door"),
            path("<key:pk>/draw/", guard(partial(draw_page.drawing, self)), name="events_event_draw"),
            path("<key:pk>/state/", guard(partial(event_state.directing, self)), name="events_event_state"),
            path("<key:pk>/postpone/", guard(partial(event_state.postponing, self)), name="events_event_postpone"),
            path(
                "<key:pk>/call-off/progress/", guard(partial(event_pages.progress, self)), name="events_event_progress"
            ),
            path("<key:pk>/sales/", guard(partial(event_pages.sales, self)), name="events_event_sales"),
            *super().get_urls(),
        ]

    def live(self, request: HttpRequest) -> JsonResponse:
        """Waiting and active of the rooms in `?slug=`, for the list that is open."""
        if not self.has_view_permission(request):
            return JsonResponse({}, status=403)
        named = [slug for slug in request.GET.getlist("slug")[:MOST_ROOMS] if slug.isprintable()]
        asked = Event.objects.filter(room__slug__in=named)
        seen = within(request.user, "events.view_event", asked, "pk")
        return JsonResponse(live_numbers([event.slug for event in seen]))

    @admin.display(description=_("state"))
    def state(self, event: Event) -> str:
        """What the event is now."""
        state = event.state()
        moved = event.is_postponed() and state is not EventState.POSTPONED
        return f"{state.label} ({EventState.POSTPONED.label})" if moved else str(state.label)

    @admin.display(description=_("sale opens"), ordering="opens_at")
    def opens(self, event: Event) -> str:
        """The day in short: the list has many columns."""
        return day(event.opens_at, event.zone)

    @admin.display(description=_("mode"), ordering="room__mode")
    def mode(self, event: Event) -> str:
        """What staff set, and what the sale lays over it."""
        over = {
            Closing.SOLD_OUT: _("sold out"),
            Closing.STOPPED: _("sale stopped"),
            Closing.OVER: _("sale over"),
            Closing.CALLED_OFF: _("called off"),
        }.get(Closing(event.room.closed_because))
        mode = event.room.get_mode_display().split(":")[0]
        return f"{mode} ({over})" if over else mode

    @admin.display(description=_("waiting"))
    def waiting(self, event: Event) -> SafeString:
        """How many stand in line."""
        return _live_cell(event, "waiting")

    @admin.display(description=_("of them absent"))
    def absent(self, event: Event) -> SafeString:
        """How many of those have gone, and keep their number for the grace period: they hold nobody up."""
        return _live_cell(event, "absent")

    @admin.display(description=_("active"))
    def active(self, event: Event) -> SafeString:
        """How many are inside."""
        return _live_cell(event, "active")


def live_numbers(slugs: list[str]) -> dict[str, dict[str, int]]:
    """Who waits, who of them is absent, and who is active, by room; empty while Redis is away."""
    try:
        return {
            one.slug: {"waiting": one.waiting, "absent": one.waiting - one.present, "active": one.active}
            for one in admission.status(slugs)
        }
    except LineUnavailable:
        return {}


def _live_cell(event: Event, name: str) -> SafeString:
    numbers = getattr(event, "live", None)
    shown = f"{numbers[name]:,}" if numbers else "—"
    return format_html('<span data-live="{}" data-slug="{}">{}</span>', name, event.slug, shown)
