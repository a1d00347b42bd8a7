"""The outbox in the admin: what waits, what was given up and why; never what is written in it."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from events.admin.order import OnlyToLookAt
from tiketi import outbox
from tiketi.models import OutboxMail


@admin.register(OutboxMail)
class OutboxMailAdmin(OnlyToLookAt, admin.ModelAdmin[OutboxMail]):
    """Mails, the newest first."""

    list_display = ("to", "subject", "made_at", "sent_at", "given_up_at", "tries", "trouble")
    list_filter = (("sent_at", admin.EmptyFieldListFilter), ("given_up_at", admin.EmptyFieldListFilter))
    search_fields = ("recipients", "subject")
    date_hierarchy = "made_at"
    fields = ("to", "subject", "made_at", "sent_at", "due_at", "given_up_at", "tries", "trouble")
    actions = ("try_again",)

    @admin.display(description=_("recipients"))
    def to(self, mail: OutboxMail) -> str:
        """Who gets it."""
        return ", ".join(mail.recipients)

    def has_resend_permission(self, request: HttpRequest) -> bool:
        """Who may have mails tried again."""
        return request.user.has_perm("tiketi.resend_mail")

    @admin.action(description=_("Try the chosen mails again"), permissions=["resend"])
    def try_again(self, request: HttpRequest, mails: QuerySet[OutboxMail]) -> None:
        """What was sent stays sent."""
        count = outbox.try_again(mails)
        said = ngettext("%(count)d mail is tried again.", "%(count)d mails are tried again.", count) % {"count": count}
        self.message_user(request, said, messages.SUCCESS if count else messages.WARNING)
