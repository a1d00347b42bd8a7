"""Signing in and up: what the pages look like to who comes with a keyboard, a screen reader or little time."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth import password_validation

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = {
    ("/accounts/login/", "ko"): "로그인",
    ("/accounts/login/", "en"): "Sign In",
    ("/accounts/signup/", "ko"): "회원가입",
    ("/accounts/signup/", "en"): "Sign Up",
}


def page_of(client, path: str, language: str) -> str:
    return str(client.get(path, headers={"accept-language": language}).content.decode())


@pytest.mark.parametrize(("path", "language"), WORDS)
def test_the_tab_says_what_the_one_heading_says(client, path, language):
    page = page_of(client, path, language)

    (title,) = re.findall(r"<title>(.*?)</title>", page, re.DOTALL)
    (heading,) = re.findall(r"<h1>(.*?)</h1>", page, re.DOTALL)
    assert " ".join(title.split()) == f"{WORDS[path, language]} · TIKETI"
    assert heading.strip() == WORDS[path, language]


@pytest.mark.parametrize(("path", "language"), WORDS)
def test_the_first_field_has_the_focus_and_every_field_a_label_without_a_colon(client, path, language):
    form = page_of(client, path, language).partition('<form class="card"')[2]

    fields = [field for field in re.findall(r"<input[^>]*>", form) if "hidden" not in field]
    assert "autofocus" in fields[0]
    assert sum("autofocus" in field for field in fields) == 1
    for field in fields:
        (name,) = re.findall(r'id="(id_[a-z0-9_]+)"', field)
        labels = re.findall(rf'<label for="{name}">([^<]*)</label>', form)
        assert labels or "checkbox" in field
        assert not any(label.rstrip().endswith(":") for label in labels)
        for described in re.findall(r'aria-describedby="([^"]+)"', field):
            assert f'id="{described}"' in form


@pytest.mark.parametrize(("language", "says"), [("ko", "8자 이상"), ("en", "8 characters or more")])
def test_the_rules_for_a_password_are_one_line_and_all_of_them(client, language, says):
    form = page_of(client, "/accounts/signup/", language).partition('<form class="card"')[2]

    assert says in form
    assert "<li>" not in form
    assert {rule["NAME"].rpartition(".")[2] for rule in settings.AUTH_PASSWORD_VALIDATORS} == {
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    }
    for rule in password_validation.get_default_password_validators():
        assert getattr(rule, "min_length", 8) == 8


def test_of_several_addresses_the_primary_one_is_chosen_beforehand(browser, buyer):
    EmailAddress.objects.create(user=buyer, email=f"second-{buyer.email}", verified=True)
    EmailAddress.objects.create(user=buyer, email=buyer.email, verified=True, primary=True)

    page = page_of(browser, "/accounts/email/", "en")

    radios = re.findall(r'<input type="radio"[^>]*value="([^"]+)"([^>]*)>', page)
    assert {value: "checked" in more for value, more in radios} == {buyer.email: True, f"second-{buyer.email}": False}
