"""Terms and consents in the admin: what is in force is read; it changes by a new version."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from events.admin.order import OnlyToLookAt
from events.models import Consent, Document


@admin.register(Document)
class DocumentAdmin(admin.ModelAdmin[Document]):
    """Every version; those to come may still be changed."""

    list_display = ("code", "version", "title_ko", "in_force_at", "asked", "required")
    list_filter = ("code", "asked")

    def has_change_permission(self, request: HttpRequest, obj: Document | None = None) -> bool:
        """Not what people have read or agreed to."""
        return super().has_change_permission(request, obj) and not (obj and obj.is_fixed)

    def has_delete_permission(self, request: HttpRequest, obj: Document | None = None) -> bool:
        """Likewise, and never several at once: among them may be one in force."""
        return obj is not None and super().has_delete_permission(request, obj) and not obj.is_fixed

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """`?code=terms`: a new version begins as the latest one."""
        given: dict[str, Any] = super().get_changeform_initial_data(request)
        code = given.get("code", "").replace("\0", "")  # which no database takes as a question
        latest = Document.objects.filter(code=code).order_by("-in_force_at").first()
        names = ("title_ko", "title_en", "text_ko", "text_en", "asked", "required")
        return {name: getattr(latest, name) for name in names} | given if latest else given


@admin.register(Consent)
class ConsentAdmin(OnlyToLookAt, admin.ModelAdmin[Consent]):
    """Who agreed to what, and when."""

    list_display = ("account", "document", "agreed_at")
    list_select_related = ("account", "document")
    list_filter = ("document",)
    search_fields = ("account__email", "account__username")
