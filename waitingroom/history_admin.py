"""Pages of the admin whose rows keep a history: the last changes below the form, and all of them behind "History"."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import PAGE_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from waitingroom.histories import Kept, changes_of

Row = TypeVar("Row", bound=Model)
if TYPE_CHECKING:
    Page = admin.ModelAdmin[Any]
else:
    Page = admin.ModelAdmin

LAST = 5
# Counted for other editors, and told by the history itself.
COUNTED = frozenset({"version", "updated_at"})


class HistoryAdmin(Page):
    """Nothing is ever put back from a history: what others changed since would be lost."""

    change_form_template = "admin/waitingroom/form_with_history.html"

    def histories(self, request: HttpRequest, obj: Any) -> Sequence[Kept]:
        """What belongs to the row's history, as far as who asks may see it."""
        return [Kept(type(obj).history.filter(id=obj.pk), leaving_out=COUNTED)]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """With the last changes."""
        obj = kwargs.get("obj")
        if obj is not None and obj.pk:
            context["last_changes"] = changes_of(self.histories(request, obj), per_page=LAST)
        return super().render_change_form(request, context, *args, **kwargs)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Every change, for who may look at the row."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("Changes: %(name)s") % {"name": obj},
            "opts": self.opts,
            "object": obj,
            "changes": changes_of(self.histories(request, obj), request.GET.get(PAGE_VAR)),
            "page_var": PAGE_VAR,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/waitingroom/history.html", context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001 (Django's own signature)
        """Under the name of who saves, also where no middleware tells the history."""
        obj._history_user = request.user
        super().save_model(request, obj, form, change)
