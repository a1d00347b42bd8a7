"""Who agreed to which version of what, and what has yet to be asked."""

from collections.abc import Iterable, Mapping

from django.conf import settings
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from events.front.kept import kept
from events.models import Asked, Consent, Document
from events.sale.refusals import Refused


class ConsentMissing(Refused):
    """Something has to be agreed to first."""

    code = "consent-missing"

    def __init__(self, documents: Iterable[Document]) -> None:
        self.titles = [document.title for document in documents]
        super().__init__(self.titles)

    def __str__(self) -> str:
        return _("Please agree first: %(titles)s.") % {"titles": ", ".join(self.titles)}


def in_force() -> list[Document]:
    """The version of each document that counts now."""
    latest: dict[str, Document] = {}
    for document in Document.objects.filter(in_force_at__lte=timezone.now()).order_by("in_force_at", "pk"):
        latest[document.code] = document
    return sorted(latest.values(), key=lambda document: document.code)


def links() -> list[tuple[str, str]]:
    """(address, title) of each document, for footers; none while the database is away."""
    try:
        return kept.get(("documents", get_language()), _links)
    except DatabaseError:
        return []  # the page has other troubles to tell of


def _links() -> list[tuple[str, str]]:
    return [(f"/documents/{document.code}/", document.title) for document in in_force()]


def asked_at_sign_up() -> list[Document]:
    """What the form of a new account asks."""
    return [document for document in in_force() if document.asked == Asked.SIGN_UP]


def yet_to_ask(account: User) -> list[Document]:
    """What the checkout asks the account: what is asked there, and what it was not asked at its sign-up."""
    asked = [document for document in kept.get("in force", in_force) if document.asked != Asked.NOWHERE]
    agreed = set(Consent.objects.filter(account=account, document__in=asked).values_list("document", flat=True))
    # An optional one of the sign-up was answered there: with no.
    return [
        document
        for document in asked
        if document.pk not in agreed and (document.required or document.asked == Asked.CHECKOUT)
    ]


def field_of(document: Document) -> str:
    """The name of its checkbox, of this version alone."""
    return f"agree-{document.pk}"


def agree(account: User, sent: Mapping[str, object], documents: Iterable[Document]) -> None:
    """Record what was ticked. Raises ConsentMissing if something required was not; then nothing is recorded."""
    documents = list(documents)
    missing = [document for document in documents if document.required and not sent.get(field_of(document))]
    if missing:
        raise ConsentMissing(missing)
    ticked = [document for document in documents if sent.get(field_of(document))]
    Consent.objects.bulk_create(
        (Consent(account=account, document=document) for document in ticked), ignore_conflicts=True
    )


def seller() -> Mapping[str, str] | None:
    """Who sells here, as the law wants it shown; None if the settings say nothing."""
    particulars: Mapping[str, str] = settings.SELLER
    return particulars if particulars["name"] else None
