"""Both providers' emulators, each as a real server that the site is pointed at."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events import tasks
from events.models import Payment
from tests.emulators.server import serving
from tests.emulators.stripe import StripeEmulator
from tests.emulators.toss import TossEmulator

Till = TossEmulator | StripeEmulator


@pytest.fixture(params=[TossEmulator, StripeEmulator], ids=["toss", "stripe"])
def till(request: pytest.FixtureRequest, settings: Any) -> Iterator[Till]:
    """A provider that takes money, emulated."""
    emulator: Till = request.param()
    with serving(emulator):
        for name, value in emulator.settings().items():
            setattr(settings, name, value)
        yield emulator


def come_back(client: Client, payment: Payment, query: dict[str, str]) -> Any:
    """The buyer's browser returns."""
    return client.get(reverse("events:paid", args=[payment.provider, payment.reference]), query)


def call(client: Client, payment: Payment, notice: tuple[bytes, dict[str, str]]) -> Any:
    """The provider calls back."""
    body, headers = notice
    address = reverse("events:callback", args=[payment.provider])
    return client.post(address, body, content_type="application/json", headers=headers)


def come_round() -> None:
    """Every pause is over, and Celery does what is due."""
    Payment.objects.exclude(ask_at=None).update(ask_at=timezone.now())
    Payment.objects.update(try_at=None)
    tasks.ask_providers()
    tasks.settle()
