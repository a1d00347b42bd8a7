"""The seller's particulars, terms and consents: shown where the law wants them, asked for once a version."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.models import Consent, Document, Order
from events.privacy import consents
from tests.events.conftest import hold, seats_of

pytestmark = pytest.mark.django_db(transaction=True)

JSON = {"accept": "application/json"}
SELLER = {
    "name": "(주)티케티",
    "representative": "김하나",
    "registration": "124-81-00998",
    "mail_order": "2026-서울마포-0001",
    "address": "서울 마포구 월드컵로 1",
    "phone": "02-123-4567",
    "email": "help@tiketi.example",
    "hosting": "AWS",
}


def document(code: str = "terms", version: str = "1", **facts: Any) -> Document:
    """A document in force."""
    return Document.objects.create(
        **{
            "code": code,
            "version": version,
            "title_ko": f"약관 {code}",
            "title_en": f"Terms {code}",
            "text_ko": "첫째 줄",
            "in_force_at": timezone.now() - timedelta(days=1),
        }
        | facts
    )


def sign_up(**ticked: str) -> Any:
    sent = {"email": "new@example.com", "password1": "autumn-leaf-77", **ticked}
    return Client().post(reverse("account_signup"), sent)


def test_the_seller_stands_on_every_page_with_a_way_to_check_it(client, browser, event, buyer, settings):
    settings.SELLER = SELLER
    hold(event, buyer, seats_of(event)[0])
    pages = (
        "/",
        "/accounts/password/reset/",
        event.get_absolute_url(),
        reverse("events:checkout", args=[event.slug]),
        "/nothing/",
    )

    for address in pages:
        page = browser.get(address).content.decode()
        assert all(said in page for said in SELLER.values()), address
        assert "https://www.ftc.go.kr/bizCommPop.do?wrkr_no=1248100998" in page


def test_without_particulars_there_is_no_empty_frame_for_them(client, event):
    assert "<address" not in client.get("/").content.decode()


def test_particulars_are_text_and_no_markup(client, db, settings):
    settings.SELLER = SELLER | {"name": "<script>alert(1)</script>"}

    assert "<script>alert" not in client.get("/").content.decode()


def test_documents_are_linked_from_every_footer_and_read_by_anybody(client, db):
    terms = document(text_ko="첫째 줄\n\n<b>둘째</b>")

    assert 'href="/documents/terms/"' in client.get("/").content.decode()
    page = client.get("/documents/terms/").content.decode()
    assert "&lt;b&gt;둘째&lt;/b&gt;" in page
    assert "Terms terms" in client.get("/documents/terms/", headers={"accept-language": "ja"}).content.decode()
    assert client.get(terms.get_absolute_url()).status_code == 200


def test_of_versions_the_latest_in_force_counts_and_earlier_ones_are_still_read(client, db):
    first = document(version="1", in_force_at=timezone.now() - timedelta(days=9))
    second = document(version="2")
    coming = document(version="3", in_force_at=timezone.now() + timedelta(days=30))

    page = client.get("/documents/terms/").content.decode()

    assert "버전 2" in page
    assert first.get_absolute_url() in page
    assert client.get(first.get_absolute_url()).status_code == 200
    assert client.get(coming.get_absolute_url()).status_code == 404
    assert consents.in_force() == [second]


@pytest.mark.parametrize("address", ["nothing/", "terms/9/", "terms/..%2f/", "terms/%00/"])
def test_what_is_no_document_is_not_found(client, db, address):
    document()

    assert client.get(f"/documents/{address}").status_code == 404


def test_without_what_is_required_nobody_signs_up_and_what_was_agreed_is_kept_with_its_version(db):
    terms = document(asked="sign-up")
    letters = document("letters", asked="sign-up", required=False)
    shown = document("privacy")
    page = Client().get(reverse("account_signup")).content.decode()
    assert terms.get_absolute_url() in page
    assert consents.field_of(shown) not in page

    refused = sign_up()
    assert refused.status_code == 200
    assert not User.objects.filter(email="new@example.com").exists()

    before = timezone.now()
    assert sign_up(**{consents.field_of(terms): "on"}).status_code == 302
    account = User.objects.get(email="new@example.com")
    (consent,) = Consent.objects.filter(account=account)
    assert consent.document == terms
    assert before <= consent.agreed_at <= timezone.now()
    assert not Consent.objects.filter(document=letters).exists()


def test_who_was_never_asked_is_asked_at_the_checkout_and_buys_nothing_before(browser, event, buyer):
    terms = document(asked="sign-up")
    age = document("age", asked="checkout")
    letters = document("letters", asked="sign-up", required=False)  # was for the sign-up to ask
    browser.get(event.get_absolute_url())
    hold(event, buyer, seats_of(event)[0])
    checkout = reverse("events:checkout", args=[event.slug])
    page = browser.get(checkout).content.decode()
    assert [consents.field_of(one) in page for one in (terms, age, letters)] == [True, True, False]

    for sent in ({}, {consents.field_of(terms): "1"}, {"agree-999": "1", consents.field_of(age): "1"}):
        refused = browser.post(checkout, sent, headers=JSON)
        assert (refused.status_code, refused.json()["status"]) == (409, "consent-missing")
    assert browser.post(checkout)["Location"] == checkout
    assert not Order.objects.exists()
    assert not Consent.objects.exists()

    both = {consents.field_of(one): "1" for one in (terms, age)}
    assert browser.post(checkout, both, headers=JSON).status_code == 201
    assert Consent.objects.filter(account=buyer).count() == 2
    assert "agree-" not in browser.get(checkout).content.decode()


def test_a_new_version_is_asked_anew_and_the_old_consent_stays(browser, event, buyer):
    old = document(asked="checkout", in_force_at=timezone.now() - timedelta(days=9))
    Consent.objects.create(account=buyer, document=old)
    assert consents.yet_to_ask(buyer) == []

    new = document(version="2", asked="checkout")

    assert consents.yet_to_ask(buyer) == [new]
    assert Consent.objects.filter(account=buyer, document=old).exists()


def test_what_is_in_force_or_agreed_to_is_changed_and_deleted_by_nobody(admin_client, buyer):
    fixed = document()
    coming = document(version="2", in_force_at=timezone.now() + timedelta(days=9))
    with pytest.raises(ValueError, match="new version"):
        fixed.save()
    coming.save()

    for one, may in ((fixed, False), (coming, True)):
        change = reverse("admin:events_document_change", args=[one.pk])
        page = admin_client.get(change)
        assert page.status_code == 200
        assert ('name="_save"' in page.content.decode()) == may
        deleted = admin_client.get(reverse("admin:events_document_delete", args=[one.pk]))
        assert deleted.status_code == (200 if may else 403)

    begun = admin_client.get(reverse("admin:events_document_add"), {"code": "terms"}).content.decode()
    assert "약관 terms" in begun


def test_a_page_without_the_database_has_its_footer_without_documents(db, monkeypatch):
    def away() -> None:
        raise DatabaseError

    monkeypatch.setattr(consents, "in_force", away)

    assert consents.links() == []


def test_footers_cost_one_question_a_minute(client, db, django_assert_num_queries):
    document()
    consents.links()

    with django_assert_num_queries(0):
        for _ in range(20):
            consents.links()
