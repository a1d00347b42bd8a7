"""Second factors for tests: an authenticator app that shows codes, as a telephone would."""

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.contrib.auth.models import User

PERIOD = 30


class App:
    """An app with an account's secret."""

    def __init__(self, account: User) -> None:
        self.secret = generate_totp_secret()
        self.factor: Authenticator = TOTP.activate(account, self.secret).instance

    def code(self, periods: int = 0) -> str:
        """The code of now, or of so many half minutes later."""
        return code_of(self.secret, periods)


def code_of(secret: str, periods: int = 0) -> str:
    """What an app shows that was given the secret."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // PERIOD + periods)))


def recovery_codes(account: User) -> list[str]:
    """The codes on the slip of paper in a drawer."""
    return list(RecoveryCodes.activate(account).get_unused_codes())
