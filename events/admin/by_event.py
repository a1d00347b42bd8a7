"""Pages of the admin whose rows belong to events: each member of staff sees those of theirs."""

from functools import reduce
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth import get_permission_codename
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from events.models import Event
from events.staff.may import may, within

if TYPE_CHECKING:
    Inline = admin.TabularInline[Any, Any]
    Page = admin.ModelAdmin[Any]
else:
    Inline = Page = object


class AsThePage(Inline):
    """An inline: as its page's object belongs to an event. `event_of_page` leads there, by attributes."""

    event_of_page = "event"

    def _may(self, request: HttpRequest, verb: str, obj: Model | None) -> bool:
        permission = f"{self.opts.app_label}.{get_permission_codename(verb, self.opts)}"
        return may(request.user, permission, event_of(obj, self.event_of_page))

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who may look at the event's."""
        return self._may(request, "view", obj) or self._may(request, "change", obj)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who may add to the event's."""
        return self._may(request, "add", obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who may change the event's."""
        return self._may(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who may delete of the event's."""
        return self._may(request, "delete", obj)


class ByEvent(Page):
    """A page: lists hold the rows of one's events, and another's is not found. `event_path` leads from a row to it."""

    event_path = "event"

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Who may look at any has it in the menu."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who may look at the event's."""
        return self.may(request, "view", obj) or self.may(request, "change", obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who may change the event's."""
        return self.may(request, "change", obj)

    def may(self, request: HttpRequest, verb: str, obj: Model | None = None) -> bool:
        """Whether the permission of that verb is given, at the row's event or, without a row, at any."""
        event = event_of(obj, "" if self.event_path == "pk" else self.event_path.replace("__", "."))
        return may(request.user, f"{self.opts.app_label}.{get_permission_codename(verb, self.opts)}", event)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows that one may see."""
        permission = f"{self.opts.app_label}.{get_permission_codename('view', self.opts)}"
        return within(request.user, permission, super().get_queryset(request), self.event_path)


def event_of(obj: Model | None, path: str) -> Event | None:
    """The event that the attributes of `path` lead to, by points; None of nothing."""
    if obj is None:
        return None
    found: Event = reduce(getattr, path.split("."), obj) if path else obj  # type: ignore[assignment]  # the path's last
    return found
