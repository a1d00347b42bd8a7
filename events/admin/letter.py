"""Letters in the admin: who was told what, what could not be written and why."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from events.admin.order import OnlyToLookAt
from events.mail import outbox
from events.models import Letter


class GivenUp(admin.SimpleListFilter):
    """What nobody writes any more, until staff say so."""

    title = _("given up")
    parameter_name = "given_up"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Letter]) -> list[tuple[str, str]]:
        """One choice beside all."""
        return [("1", str(_("given up")))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Letter]) -> QuerySet[Letter]:
        """Those given up, or all."""
        return outbox.given_up() if self.value() else queryset


@admin.register(Letter)
class LetterAdmin(OnlyToLookAt, admin.ModelAdmin[Letter]):
    """Letters, the newest first."""

    list_display = ("order", "kind", "made_at", "written_at", "tries", "problem")
    list_filter = ("kind", ("written_at", admin.EmptyFieldListFilter), GivenUp)
    list_select_related = ("order",)
    search_fields = ("order__number", "order__account__email")
    date_hierarchy = "made_at"
    fields = ("order", "kind", "made_at", "written_at", "tries", "try_at", "problem")
    actions = ("write_again",)

    def has_rewrite_permission(self, request: HttpRequest) -> bool:
        """Who may have letters written again."""
        return request.user.has_perm("events.rewrite_letter")

    @admin.action(description=_("Try the chosen letters again"), permissions=["rewrite"])
    def write_again(self, request: HttpRequest, letters: QuerySet[Letter]) -> None:
        """What was written stays written."""
        count = outbox.write_again(letters)
        said = ngettext("%(count)d letter is tried again.", "%(count)d letters are tried again.", count)
        self.message_user(request, said % {"count": count}, messages.SUCCESS if count else messages.WARNING)
