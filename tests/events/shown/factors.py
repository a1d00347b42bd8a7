"""The second factor: set up, shown at the sign-in and in between, taken away; and passkeys."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.contrib.auth.models import User
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from tests.events.factors import code_of
from tests.events.shown.reader import Reader, Stage

TEMPLATES = (
    "account/reauthenticate.html", "mfa/authenticate.html", "mfa/index.html", "mfa/reauthenticate.html",
    "mfa/recovery_codes/generate.html", "mfa/recovery_codes/index.html", "mfa/totp/activate_form.html",
    "mfa/totp/deactivate_form.html", "mfa/webauthn/add_form.html", "mfa/webauthn/authenticator_confirm_delete.html",
    "mfa/webauthn/authenticator_list.html", "mfa/webauthn/edit_form.html", "mfa/webauthn/reauthenticate.html",
)  # fmt: skip
AT = "/accounts/2fa/"
MADE = b'{"type": "webauthn.create", "challenge": "", "origin": "https://tiketi.example"}'
PASSWORD = "winter-song-42"


def take(reader: Reader, stage: Stage) -> None:
    """The pages."""
    buyer = stage.make_buyer()
    EmailAddress.objects.create(user=buyer, email=buyer.email, verified=True, primary=True)
    reader.sign_in(buyer)  # long ago
    reader.look("factors-none", AT)
    reader.look("keys-none", f"{AT}webauthn/")
    reader.look("ask-password", f"{AT}totp/activate/")
    asks = "/accounts/reauthenticate/"
    reader.send("ask-password-wrong", asks, {"password": "wrong"})
    reader.client.post(asks, {"password": PASSWORD})
    html = reader.look("app", f"{AT}totp/activate/")
    secret = html.partition('id="authenticator_secret"')[2].partition('value="')[2].partition('"')[0]
    reader.send("app-wrong", f"{AT}totp/activate/", {"code": "000000"})
    reader.send("codes-new", f"{AT}totp/activate/", {"code": code_of(secret)})
    reader.look("codes-generate", f"{AT}recovery-codes/generate/")
    reader.look("app-away", f"{AT}totp/deactivate/")
    _keys(reader, buyer)
    reader.look("factors-all", AT)
    reader.sign_in(buyer)  # long ago
    reader.look("ask-code", f"{AT}reauthenticate/")
    reader.send("ask-code-wrong", f"{AT}reauthenticate/", {"code": "000000"})
    reader.look("ask-key", f"{AT}webauthn/reauthenticate/")
    reader.client = reader.stranger()
    reader.client.post("/accounts/login/", {"login": buyer.email, "password": PASSWORD})
    reader.look("second-step", f"{AT}authenticate/")
    reader.send("second-step-wrong", f"{AT}authenticate/", {"code": "000000"})


def _keys(reader: Reader, account: User) -> None:
    reader.look("key-new", f"{AT}webauthn/add/")
    reader.send("key-new-wrong", f"{AT}webauthn/add/", {"name": "", "credential": "{}"})
    for name, passkey in (("휴대전화", True), ("Desk", False), ("Old", None)):
        _key(account, name, passkey)
    key = Authenticator.objects.filter(user=account, type=Authenticator.Type.WEBAUTHN)[0].pk
    reader.look("keys", f"{AT}webauthn/")
    reader.look("key-edit", f"{AT}webauthn/keys/{key}/edit/")
    reader.look("key-remove", f"{AT}webauthn/keys/{key}/remove/")


def _key(account: User, name: str, passkey: bool | None) -> None:
    """A key, as its browser said when it was made; it opens nothing, as nobody has its other half."""
    known = ES256({1: 2, 3: -7, -1: 1, -2: b"x" * 32, -3: b"y" * 32})
    data = AttestedCredentialData.create(b"\0" * 16, name.encode(), known)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT
    said = AttestationObject.create("none", AuthenticatorData.create(b"\0" * 32, flags, 0, data), {})
    credential = {
        "id": websafe_encode(name.encode()),
        "rawId": websafe_encode(name.encode()),
        "type": "public-key",
        "response": {"clientDataJSON": websafe_encode(MADE), "attestationObject": websafe_encode(bytes(said))},
        "clientExtensionResults": {} if passkey is None else {"credProps": {"rk": passkey}},
    }
    WebAuthn.add(account, name, credential)
