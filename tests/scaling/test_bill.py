"""The bill: every part of the stack, each by its own price, beside the reference's own number."""

from dataclasses import fields, replace

import pytest

from scaling.bill import Parts, Usage, bill_won
from scaling.cost import REFERENCE_PRICES
from tests.site import ROOT


@pytest.mark.parametrize("price", [field.name for field in fields(Parts)])
def test_every_price_counts(price: str):
    doubled = replace(Parts(), **{price: getattr(Parts(), price) * 2})

    assert bill_won(doubled) != bill_won()


@pytest.mark.parametrize("amount", [field.name for field in fields(Usage)])
def test_every_amount_counts(amount: str):
    more = replace(Usage(), **{amount: getattr(Usage(), amount) * 100})

    assert sum(bill_won(usage=more).values()) > sum(bill_won().values())


def test_metrics_of_many_events_around_the_clock_would_cost_more_than_the_reference():
    always = bill_won(usage=replace(Usage(), event_hours=500 * 730))

    assert always["metrics"] > 1_000_000
    assert bill_won()["metrics"] < 10_000


def test_the_page_tells_the_whole_bill_and_the_references_number():
    page = (ROOT / "docs" / "scaling.md").read_text()

    assert all(f"| {part} | {won:,} |" in page for part, won in bill_won().items())
    assert f"| all of it, with the reference's instances | {sum(bill_won().values()) + 85_479:,} |" in page
    assert REFERENCE_PRICES.month_won(2, 5) == 85_479
