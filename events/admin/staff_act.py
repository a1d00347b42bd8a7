"""The acts of the staff in the admin: to be read, by whoever answers for them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from events.admin.order import OnlyToLookAt
from events.models import StaffAct
from events.staff import act_words


class InWords(admin.SimpleListFilter):
    """By a column that is kept in English, in the reader's words."""

    column = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """What there is of it."""
        found = StaffAct.objects.order_by(self.column).values_list(self.column, flat=True).distinct()
        return [(value, self.told(value)) for value in found]

    def told(self, value: str) -> str:
        """In words."""
        raise NotImplementedError

    def queryset(self, request: HttpRequest, queryset: QuerySet[StaffAct]) -> QuerySet[StaffAct]:
        """Those alone."""
        return queryset.filter(**{self.column: self.value()}) if self.value() else queryset


class KindFilter(InWords):
    """By what it was done to."""

    title, parameter_name, column = _("of"), "kind", "kind"

    def told(self, value: str) -> str:
        """The rows' own name."""
        return act_words.kind_told(value)


class ActFilter(InWords):
    """By what was done."""

    title, parameter_name, column = _("what"), "act", "act"

    def told(self, value: str) -> str:
        """What was done."""
        return act_words.act_told(value)


@admin.register(StaffAct)
class StaffActAdmin(OnlyToLookAt, admin.ModelAdmin[StaffAct]):
    """The newest first; by person, by event, by day."""

    list_display = ("at", "who", "act_told", "kind_told", "about", "event", "reason_told", "address")
    list_filter = (KindFilter, ActFilter)
    search_fields = ("who", "about", "event", "reason")
    date_hierarchy = "at"
    fields = readonly_fields = (
        "at",
        "who",
        "address",
        "act_told",
        "kind_told",
        "about",
        "event",
        "reason_told",
        "values_told",
    )
    show_full_result_count = False

    @admin.display(description=_("what"), ordering="act")
    def act_told(self, act: StaffAct) -> str:
        """What was done."""
        return act_words.act_told(act.act)

    @admin.display(description=_("of"), ordering="kind")
    def kind_told(self, act: StaffAct) -> str:
        """What it was done to."""
        return act_words.kind_told(act.kind)

    @admin.display(description=_("reason"), ordering="reason")
    def reason_told(self, act: StaffAct) -> str:
        """Why."""
        return act_words.reason_told(act.reason)

    @admin.display(description=_("before and after"))
    def values_told(self, act: StaffAct) -> SafeString:
        """Both values of each field, or what the admin's log says."""
        said = format_html("<p>{}</p>", act_words.said_of(act.values)) if act.values.get("said") else SafeString()
        told = act_words.values_told(act.kind, act.values)
        rows = format_html_join("", "<li>{}: <del>{}</del> → <ins>{}</ins></li>", told)
        return format_html("{}<ul>{}</ul>", said, rows) if rows else said
