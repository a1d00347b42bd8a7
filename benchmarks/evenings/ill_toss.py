"""Toss's emulator on a bad night: of the refunds that it is asked for, some fail and some hang."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.emulators.server import Answer, Request
from tests.emulators.toss import TossEmulator

# Of the first three hundred answers three hang, two of them after the money went.
SEED = 14


@dataclass
class IllToss(TossEmulator):
    """One in `fails` refunds is declined for the moment, one in `hangs` is answered after `hangs_s`, done or not."""

    fails: int = 10
    hangs: int = 100
    hangs_s: float = 60.0
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))
    asked: Counter[str] = field(default_factory=Counter)
    well: bool = False

    def remember(self, payments: Iterable[tuple[str, str]], won: int) -> None:
        """Payments that were taken before, by reference and key."""
        for reference, key in payments:
            self.payments[key] = {
                "paymentKey": key,
                "orderId": reference,
                "status": "DONE",
                "currency": "KRW",
                "totalAmount": won,
                "balanceAmount": won,
                "approvedAt": "2026-01-02T14:46:58+09:00",
                "failure": None,
                "cancels": None,
            }

    def handle(self, request: Request) -> Answer | None:
        """As a provider that is ill."""
        if self.well or not request.path.endswith("/cancel"):
            return super().handle(request)
        with self.lock:
            hangs, fails = not self.chance.randrange(self.hangs), not self.chance.randrange(self.fails)
            done = bool(self.chance.randrange(2))
            self.asked["hung" if hangs else "failed" if fails else "answered"] += 1
        if hangs:
            answer = super().handle(request) if done else None
            time.sleep(self.hangs_s)
            return answer
        if fails:
            return 500, {
                "code": "FAILED_INTERNAL_SYSTEM_PROCESSING",
                "message": "내부 시스템 처리 실패",
            }
        return super().handle(request)

    @property
    def kept_won(self) -> int:
        """What it has not given back."""
        return sum(payment["balanceAmount"] for payment in self.payments.values())

    @property
    def given_back(self) -> list[int]:
        """How often it gave each payment back."""
        return [len(payment["cancels"] or []) for payment in self.payments.values()]
