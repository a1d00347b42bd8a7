"""How passwords are kept: Argon2id at OWASP's minimum, 19 MiB, two passes, one lane.

https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html; measured in decision 0053.
"""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """Django's, with less of the machine: hashes made with other parameters are made anew at the next sign-in."""

    time_cost = 2
    memory_cost = 19_456  # KiB
    parallelism = 1  # Django's eight would be eight threads for one sign-in
