"""Signing in and up, passwords and addresses, what is stored of one, and the account's end."""

import re
from dataclasses import dataclass
from datetime import timedelta
from unittest.mock import patch

from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.conf import settings
from django.contrib.auth.models import User
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from events.models import Asked, Document
from tests.events.conftest import buy, seats_of
from tests.events.shown.reader import Reader, Stage

TEMPLATES = (
    "account/account_inactive.html", "account/email.html", "account/email_confirm.html", "account/login.html",
    "account/logout.html", "account/password_change.html", "account/password_reset.html",
    "account/password_reset_done.html", "account/password_reset_from_key.html",
    "account/password_reset_from_key_done.html", "account/password_set.html",
    "account/signup.html", "account/verification_sent.html", "events/account.html", "events/account_delete.html",
    "events/locked_out.html", "socialaccount/authentication_error.html", "socialaccount/connections.html",
    "socialaccount/login_cancelled.html",
)  # fmt: skip
AT = "/accounts/"
PASSWORD, OTHER = "winter-song-42", "another-song-43"


@dataclass
class Provider:
    """What the page asks of Kakao and Naver where the site has keys of theirs."""

    id: str
    name: str
    uses_apps: bool = False

    def get_login_url(self, _request: object, **_query: str) -> str:
        """Where its button leads."""
        return f"/accounts/{self.id}/login/"

    def media_js(self, _request: object) -> str:
        """Neither needs a script."""
        return ""


PROVIDERS = [Provider("kakao", "Kakao"), Provider("naver", "Naver")]


def take(reader: Reader, stage: Stage) -> None:
    """The pages."""
    _signing_in(reader, stage)
    _signing_up(reader)
    _a_new_password(reader, stage)
    _addresses(reader, stage)
    buyer = stage.make_buyer()
    reader.sign_in(buyer)
    reader.look("account", f"{AT}me/")
    reader.look("sign-out", f"{AT}logout/")
    reader.look("password", f"{AT}password/change/")
    wrong = {"oldpassword": "wrong", "password1": "12345", "password2": "54321"}
    reader.send("password-wrong", f"{AT}password/change/", wrong)
    _the_end(reader, stage, buyer)


def _signing_in(reader: Reader, stage: Stage) -> None:
    buyer = stage.make_buyer()
    reader.look("sign-in", f"{AT}login/")
    sent = {"login": buyer.email, "password": "wrong"}
    reader.send("sign-in-wrong", f"{AT}login/", sent)
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        reader.client.post(f"{AT}login/", sent)
    reader.send("locked-out", f"{AT}login/", sent, status=429)
    reader.client = reader.stranger()
    with patch("allauth.socialaccount.adapter.DefaultSocialAccountAdapter.list_providers", return_value=PROVIDERS):
        reader.look("sign-in-by-others", f"{AT}login/")
    reader.look("inactive", f"{AT}inactive/")
    reader.look("by-others-cancelled", f"{AT}3rdparty/login/cancelled/")
    reader.look("by-others-failed", f"{AT}3rdparty/login/error/", status=401)


def _signing_up(reader: Reader) -> None:
    for code, title_ko, title_en, required in (
        ("terms", "이용약관", "Terms of use", True),
        ("age", "만 14세 이상입니다", "I am 14 or older", True),
        ("letters", "공연 소식을 이메일로 받겠습니다", "Send me letters about shows", False),
    ):
        Document.objects.create(
            code=code, version="1", title_ko=title_ko, title_en=title_en, text_ko="전문", text_en="Text",
            asked=Asked.SIGN_UP, required=required, in_force_at=timezone.now() - timedelta(days=1),
        )  # fmt: skip
    reader.look("sign-up", f"{AT}signup/")
    reader.send("sign-up-wrong", f"{AT}signup/", {"email": "no address", "password1": "12345"})
    reader.look("verification-sent", f"{AT}confirm-email/")


def _a_new_password(reader: Reader, stage: Stage) -> None:
    buyer = stage.make_buyer()
    reader.look("reset", f"{AT}password/reset/")
    reader.send("reset-wrong", f"{AT}password/reset/", {"email": "no address"})
    reader.send("reset-sent", f"{AT}password/reset/", {"email": buyer.email})
    (link,) = re.findall(rf"{AT}password/reset/key/\S+", str(mail.outbox[-1].body))
    reader.look("reset-bad-link", re.sub(r"key/.*", "key/1-abc-def/", link))
    reader.look("reset-choose", link)
    address = reader.pages["reset-choose"].path
    reader.send("reset-choose-wrong", address, {"password1": "12345", "password2": "54321"})
    reader.send("reset-done", address, {"password1": OTHER, "password2": OTHER})
    reader.client = reader.stranger()


def _addresses(reader: Reader, stage: Stage) -> None:
    buyer, other = stage.make_buyer(), stage.make_buyer()
    reader.sign_in(buyer)
    reader.look("addresses-one", f"{AT}email/")
    EmailAddress.objects.filter(user=buyer).update(verified=True)
    second = EmailAddress.objects.create(user=buyer, email=f"a.rather.long.second.name.{buyer.email}")
    reader.look("addresses", f"{AT}email/")
    reader.send("addresses-wrong", f"{AT}email/", {"email": "no address", "action_add": ""})
    confirm = reverse("account_confirm_email", args=[EmailConfirmationHMAC(second).key])
    reader.look("confirm", confirm)
    EmailAddress.objects.create(user=other, email=second.email, verified=True)
    reader.look("confirm-anothers", confirm)
    reader.look("confirm-bad-link", f"{AT}confirm-email/abc/")
    User.objects.filter(pk=buyer.pk).update(email="")
    EmailAddress.objects.filter(user=buyer).delete()
    reader.look("addresses-none", f"{AT}email/")
    reader.look("connections", f"{AT}3rdparty/")


def _the_end(reader: Reader, stage: Stage, buyer: User) -> None:
    reader.look("delete", f"{AT}me/delete/")
    reader.send("delete-wrong", f"{AT}me/delete/", {"password": "wrong"})
    event = stage.make_event()
    buy(event, buyer, *seats_of(event)[:2])
    reader.look("delete-with-tickets", f"{AT}me/delete/")
    reader.sign_in(User.objects.create_user("clerk", "clerk@tiketi.example", PASSWORD, is_staff=True))
    reader.look("delete-staff", f"{AT}me/delete/")
    without = stage.make_buyer()
    without.set_unusable_password()
    without.save()
    reader.sign_in(without)
    reader.look("account-without-password", f"{AT}me/")
    reader.look("password-first", f"{AT}password/set/")
    reader.look("delete-without-password", f"{AT}me/delete/")
    leaves = stage.make_buyer()
    reader.sign_in(leaves)
    reader.send("deleted", f"{AT}me/delete/", {"password": PASSWORD})
